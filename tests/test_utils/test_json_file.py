import json
from pathlib import Path

import pytest

from mmosis.utils.json_file import read_json, write_lists


def test_what_was_written_is_read(tmp_path: Path) -> None:
    (tmp_path / 'a.json').write_text('{"name": "é"}', encoding='utf-8')
    assert read_json(tmp_path / 'a.json') == {'name': 'é'}


@pytest.mark.parametrize('content', [b'{"a": 1', b'', b'\xff\xfe\xfa', b'[' * 10**5, b'1' * 5000])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / 'a.json').write_bytes(content)
    with pytest.raises(ValueError, match=r'a\.json is not a JSON file: '):
        read_json(tmp_path / 'a.json')


def test_lists_are_written_item_by_item_to_the_bytes_of_dumps(tmp_path: Path) -> None:
    lists = dict(images=[dict(id=1, name='é'), 2.5], annotations=[], categories=['a'])
    write_lists(tmp_path / 'a.json', {key: iter(items) for key, items in lists.items()})
    assert (tmp_path / 'a.json').read_text() == json.dumps(lists)
