"""Files of an index."""

from pathlib import Path

from mmosis.search.index.index_files import LOCK, batches, is_below, is_new, stamp


def test_a_new_index(tmp_path: Path) -> None:
    assert is_new(tmp_path / 'none')
    assert is_new(tmp_path)
    (tmp_path / LOCK).touch()
    assert is_new(tmp_path)
    (tmp_path / 'file').touch()
    assert not is_new(tmp_path)


def test_a_stamp_changes_with_the_file(tmp_path: Path) -> None:
    file = tmp_path / 'a.png'
    assert stamp(str(file)) is None
    file.write_text('a')
    before = stamp(str(file))
    assert before[0] == 1
    file.write_text('ab')
    assert stamp(str(file)) != before


def test_below() -> None:
    assert is_below('/photos/2023/a.jpg', ['/other', '/photos'])
    assert is_below('/photos/a.jpg', ['/photos/a.jpg'])
    assert not is_below('/photos2/a.jpg', ['/photos'])
    assert not is_below('/photos/a.jpg', [])


def test_batches() -> None:
    assert list(batches(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(batches([], 2)) == []
