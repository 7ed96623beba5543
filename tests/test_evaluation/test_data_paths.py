"""Where the data of a test are."""

from pathlib import Path

import pytest

from mmosis.evaluation import DataPaths


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dump whose annotations are in a.json and whose images are in images, and others beside them."""
    for name in ('images', 'others'):
        (tmp_path / name).mkdir()
    for name in ('a.json', 'b.json'):
        (tmp_path / name).write_text('{}')
    monkeypatch.chdir(tmp_path)
    DataPaths('a.json', 'images').save(tmp_path)
    return tmp_path


def test_what_is_given_counts_before_what_the_dump_names(folder: Path) -> None:
    assert DataPaths.find(folder) == DataPaths(str(folder / 'a.json'), str(folder / 'images'))
    assert DataPaths.find(folder, 'b.json', 'others') == DataPaths('b.json', 'others')


def test_images_may_be_unknown(folder: Path) -> None:
    DataPaths('a.json').save(folder)
    assert DataPaths.find(folder).img_dir is None


def test_images_that_are_gone_get_a_warning(folder: Path, mmengine_log: pytest.LogCaptureFixture) -> None:
    (folder / 'images').rmdir()
    assert DataPaths.find(folder).img_dir is None
    assert 'images any more; --img-dir says where' in mmengine_log.text


def test_annotations_must_be_there(folder: Path) -> None:
    (folder / 'a.json').unlink()
    with pytest.raises(FileNotFoundError, match=r'are not in .*a\.json; give their file as --ann-file'):
        DataPaths.find(folder)
    (folder / 'data.json').unlink()
    with pytest.raises(
        FileNotFoundError, match='does not say where its annotations are; give their file as --ann-file'
    ):
        DataPaths.find(folder)
    with pytest.raises(
        FileNotFoundError, match=r'there is no dump .*gone; give a folder that tools/test\.py --dump wrote'
    ):
        DataPaths.find(folder / 'gone')


def test_a_wrong_folder_of_images_is_refused(folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match='there is no folder gone of images; give theirs as --img-dir'):
        DataPaths.find(folder, img_dir='gone')


@pytest.mark.parametrize(('text', 'message'), [('{', 'data.json is not a JSON file'), ('[]', 'must name ann_file')])
def test_a_damaged_file_is_refused(folder: Path, text: str, message: str) -> None:
    (folder / 'data.json').write_text(text)
    with pytest.raises(ValueError, match=message):
        DataPaths.find(folder)
