"""Where the data of a test are."""

from pathlib import Path

import pytest

from mmosis.evaluation import DataPaths


def test_what_is_given_counts_before_what_the_dump_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / 'images').mkdir()
    (tmp_path / 'others').mkdir()
    monkeypatch.chdir(tmp_path)
    DataPaths('a.json', 'images').save(tmp_path)
    assert DataPaths.find(tmp_path) == DataPaths(str(tmp_path / 'a.json'), str(tmp_path / 'images'))
    assert DataPaths.find(tmp_path, 'b.json', 'others') == DataPaths('b.json', 'others')


def test_images_may_be_unknown(tmp_path: Path) -> None:
    DataPaths('a.json').save(tmp_path)
    assert DataPaths.find(tmp_path).img_dir is None


def test_annotations_must_be_known(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'does not say where its annotations are .*give --ann-file'):
        DataPaths.find(tmp_path)


def test_images_that_are_gone_are_told(tmp_path: Path) -> None:
    DataPaths('a.json', str(tmp_path / 'gone')).save(tmp_path)
    with pytest.raises(FileNotFoundError, match=r'the images are not in .*gone; give their folder as --img-dir'):
        DataPaths.find(tmp_path)


@pytest.mark.parametrize(('text', 'message'), [('{', 'data.json is not a JSON file'), ('[]', 'must name ann_file')])
def test_a_damaged_file_is_told(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / 'data.json').write_text(text)
    with pytest.raises(ValueError, match=message):
        DataPaths.find(tmp_path)
