"""Which images a user means, what is said of the others, and what is refused."""

import os
from codecs import BOM_UTF16_LE
from errno import EACCES
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from mmosis.search.folders.image_list import ImageList, find_images, list_images

PICTURE = np.zeros((40, 60, 3), np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ('b.png', 'a.JPG', 'c.Tiff', 'a.txt', 'A.jpg', 'z.webp', 'noext'):
        (tmp_path / name).touch()
    for name in ('deeper', 'folder.jpg'):
        (tmp_path / name).mkdir()
        (tmp_path / name / 'x.jpg').touch()
    (tmp_path / 'gone.jpg').symlink_to(tmp_path / 'nowhere.jpg')
    return tmp_path


def test_a_folder_by_name(folder: Path) -> None:
    names = ['A.jpg', 'a.JPG', 'b.png', 'c.Tiff', 'deeper/x.jpg', 'folder.jpg/x.jpg', 'gone.jpg', 'z.webp']
    expected = [str(folder / name) for name in names]
    assert list_images(folder) == list_images(str(folder)) == list_images([folder]) == expected


def test_files_folders_and_arrays_in_their_order(folder: Path) -> None:
    listed = list_images((folder / 'b.png', PICTURE, str(folder / 'deeper'), str(folder / 'noext')))
    assert listed[1] is PICTURE
    assert [listed[0], *listed[2:]] == [str(folder / name) for name in ('b.png', 'deeper/x.jpg', 'noext')]


def test_a_list_of_paths(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Images need not exist; names may have any bytes; a folder may be called like a list."""
    monkeypatch.setenv('HOME', '/home/me')
    lines = [b'/a b/c.jpg', b'', b' d.png\r', b'none.jpg', b'~/e.jpg', b's3://bucket/f.jpg', b'\xff.jpg']
    (folder / 'list.txt').write_bytes(b'\n'.join(lines))
    there = [f'{folder}/{name}' for name in (' d.png', 'none.jpg', '\udcff.jpg')]
    named = ['/a b/c.jpg', *there[:2], '/home/me/e.jpg', 's3://bucket/f.jpg', there[2]]
    expected = [str(folder / 'b.png'), *named]
    assert list_images([folder / 'b.png', folder / 'list.txt']) == expected
    (folder / 'folder.txt').mkdir()
    (folder / 'folder.txt' / 'x.jpg').touch()
    assert list_images(folder / 'folder.txt') == [str(folder / 'folder.txt' / 'x.jpg')]


@pytest.mark.parametrize('encoding', ['utf-8-sig', 'utf-16', 'utf-16-le'])
@pytest.mark.parametrize('end', ['\n', '\r\n', '\r'])
def test_a_list_as_windows_writes_it(tmp_path: Path, encoding: str, end: str) -> None:
    mark = BOM_UTF16_LE if encoding == 'utf-16-le' else b''
    (tmp_path / 'list.txt').write_bytes(mark + f'a.png{end}é 中.png{end}'.encode(encoding))
    assert list_images(tmp_path / 'list.txt') == [str(tmp_path / name) for name in ('a.png', 'é 中.png')]


def test_a_list_that_is_cut_off_in_utf_16(tmp_path: Path) -> None:
    (tmp_path / 'list.txt').write_bytes(BOM_UTF16_LE + 'a.png'.encode('utf-16-le')[:-1])
    with pytest.raises(ValueError, match=r'list\.txt begins as UTF-16 and goes on otherwise; save it as UTF-8'):
        list_images(tmp_path / 'list.txt')


def test_an_empty_list(folder: Path) -> None:
    with pytest.raises(ValueError, match=r'a\.txt names no image; it takes a path a line, or in Parquet one a row'):
        list_images(folder / 'a.txt')


def test_one_array_is_one_image() -> None:
    (image,) = list_images(PICTURE)
    assert image is PICTURE


def test_an_address_is_left_to_the_backend() -> None:
    assert list_images(['s3://bucket/a.jpg']) == ['s3://bucket/a.jpg']


@pytest.mark.parametrize(
    ('inputs', 'error', 'message'),
    [
        (None, TypeError, r'images must be paths, folders, arrays \(H, W, 3\) or a list of them, got NoneType'),
        (dict(a=1), TypeError, 'or a list of them, got dict'),
        ([None], TypeError, r'an image must be a path or an array \(H, W, 3\), got NoneType'),
        (b'a.jpg', TypeError, 'an image must be a path or an array .*, got int'),
        ([], ValueError, 'there is no image to search'),
        ('none.jpg', FileNotFoundError, r'there is no image or folder none\.jpg'),
    ],
)
def test_what_is_none(inputs: object, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        list_images(inputs)


def test_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / 'a.txt').touch()
    with pytest.raises(
        ValueError, match=rf'folder {tmp_path} has no images \(it has 1 \.txt\); they end in \.jpg, .*\.webp'
    ):
        list_images(tmp_path)


def test_files_that_were_listed_before(folder: Path) -> None:
    files = [str(folder / name) for name in ('b.png', 'gone.jpg', 'z.webp')]
    found = ImageList.of_files(files, 'it is gone')
    assert found.images == [files[0], files[2]]
    assert {name: str(error) for name, error in found.problems.items()} == {files[1]: 'it is gone'}
    with pytest.raises(FileNotFoundError, match='it is gone'):
        ImageList.of_files(files[1:2], 'it is gone').require_one()
    with pytest.raises(ValueError, match='there is no image to search'):
        ImageList().require_one()


def test_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('HOME', str(tmp_path))
    (tmp_path / 'image.png').touch()
    assert list_images('~/image.png') == [str(tmp_path / 'image.png')]


class TestFolder:
    NAMES = ('a.jfif', 'b.JPE', 'c.avif', 'd.gif', 'e.jp2', 'f.heic', 'g.HEIC', 'h.mp4', 'Thumbs', '._a.jpg', '.b.jpg')

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        for name in self.NAMES:
            (tmp_path / name).touch()
        (tmp_path / '.thumbnails').mkdir()
        for name in ('deeper', 'folder.jpg'):
            (tmp_path / name).mkdir()
        return tmp_path

    def test_what_is_searched(self, folder: Path) -> None:
        """Neither hidden files nor those that macOS keeps beside a file."""
        assert list_images(folder) == [str(folder / name) for name in self.NAMES[:5]]

    def test_subfolders(self, folder: Path) -> None:
        for name in ('deeper/x.jpg', 'deeper/.y.jpg', 'deeper/er/z.png', 'deeper/w.heic', '.thumbnails/v.jpg'):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).touch()
        (folder / 'deeper' / 'back').symlink_to(folder)
        (folder / 'same').symlink_to(folder / 'deeper')
        found = find_images(folder)
        names = (*self.NAMES[:4], 'deeper/er/z.png', 'deeper/x.jpg', 'e.jp2')
        assert found.images == [str(folder / name) for name in names]
        assert found.folders == [str(folder), str(folder / 'deeper' / 'er'), str(folder / 'deeper')]
        assert found.others == {'.heic': 3, '.mp4': 1, 'without suffix': 1}
        assert find_images([folder, folder / 'deeper' / 'er']).images == found.images

    def test_results_of_searches_are_not_entered(self, folder: Path) -> None:
        """Neither when they are in a subfolder, nor when they lie beside the images."""
        for name in ('found/overlays/a.jpg', 'overlays/a.jpg', 'crops/mug/a.jpg', 'deeper/overlays/b.jpg'):
            (folder / name).parent.mkdir(parents=True)
            (folder / name).touch()
        (folder / 'found' / 'journal.jsonl').touch()
        beside = ['crops/mug/a.jpg', 'd.gif', 'deeper/overlays/b.jpg', 'e.jp2', 'overlays/a.jpg']
        assert list_images(folder)[3:] == [str(folder / name) for name in beside]
        (folder / 'journal.jsonl').touch()
        found = find_images(folder)
        assert found.images[3:] == [str(folder / name) for name in ('d.gif', 'deeper/overlays/b.jpg', 'e.jp2')]
        assert found.others['folder(s) of results'] == 3

    def test_a_subfolder_that_may_not_be_read(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """As root all may be read."""

        def scan(path: str) -> object:
            if str(path).endswith('deeper'):
                raise PermissionError(EACCES, 'Permission denied', str(path))
            return before(path)

        before = os.scandir
        monkeypatch.setattr(os, 'scandir', scan)
        found = find_images(folder)
        assert len(found.images) == 5
        assert list(found.problems) == [str(folder / 'deeper')]

    def test_what_is_not_is_counted(self, folder: Path) -> None:
        found = find_images(folder)
        assert found.others == {'.heic': 2, '.mp4': 1, 'without suffix': 1}
        assert found.describe_others() == '2 .heic, 1 .mp4, 1 without suffix'
        assert find_images(folder / 'a.jfif').describe_others() == ''

    def test_none_that_is_searched(self, folder: Path) -> None:
        for name in self.NAMES[:5]:
            (folder / name).unlink()
        message = rf'folder {folder} has no images \(it has 2 \.heic, 1 \.mp4, 1 without suffix\); they end in'
        with pytest.raises(ValueError, match=message):
            list_images(folder)


class TestListsAndPatterns:
    def test_a_list_of_before(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Its relative paths count from the working folder where they lead somewhere from there alone."""
        (folder / 'lists').mkdir()
        (folder / 'lists' / 'all.txt').write_text('none.png\nb.png\n')
        monkeypatch.chdir(folder)
        assert list_images('lists/all.txt') == ['none.png', 'b.png']
        (folder / 'lists' / 'b.png').touch()
        assert list_images('lists/all.txt') == ['lists/none.png', 'lists/b.png']
        (folder / 'all.txt').write_text('none.png\nb.png\n')
        assert list_images('all.txt') == ['none.png', 'b.png']

    @pytest.mark.parametrize('content', [b'a b.png\n\xff.jpg\n', b'a b.png\0\xff.jpg\0', b'a b.png\r\n\xff.jpg'])
    def test_the_standard_input(self, content: bytes) -> None:
        assert find_images('-', BytesIO(content)).images == ['a b.png', '\udcff.jpg']

    def test_a_line_with_an_end_between_zeros(self) -> None:
        assert find_images('-', BytesIO(b'a\nb.png\0c.png\0')).images == ['a\nb.png', 'c.png']

    def test_nothing_comes_in(self) -> None:
        with pytest.raises(ValueError, match='the standard input names no image; it takes a path a line'):
            find_images(['-'], BytesIO(b'\n'))

    def test_without_an_input_it_is_a_name(self) -> None:
        with pytest.raises(FileNotFoundError, match='there is no image or folder -'):
            find_images('-')

    def test_patterns(self, folder: Path) -> None:
        found = find_images(f'{folder}/**/*.jpg')
        names = ('A.jpg', 'deeper/x.jpg', 'folder.jpg/x.jpg', 'gone.jpg')
        assert found.images == [str(folder / name) for name in names]
        assert find_images(f'{folder}/[ab].*').images == [str(folder / name) for name in ('a.JPG', 'b.png')]
        assert find_images(f'{folder}/[ab].*').others == {'.txt': 1}
        assert find_images([f'{folder}/**', f'{folder}/*.png']).images == list_images(folder)

    def test_a_file_that_is_called_like_a_pattern(self, folder: Path) -> None:
        (folder / '[b].png').touch()
        assert list_images(f'{folder}/[b].png') == [f'{folder}/[b].png']

    def test_a_pattern_that_fits_none(self, folder: Path) -> None:
        with pytest.raises(ValueError, match=r'no image fits the pattern .*/\*\.heic; \*\* stands for any folders'):
            find_images(f'{folder}/*.heic')
        with pytest.raises(ValueError, match=r'no image fits the pattern .*/a\.t\*t \(but 1 \.txt\); \*\*'):
            find_images(f'{folder}/a.t*t')


class TestProblems:
    """What names no image stops nothing while another does."""

    @pytest.fixture
    def inputs(self, folder: Path) -> list[str]:
        (folder / 'empty').mkdir()
        (folder / 'dangling.png').symlink_to(folder / 'nowhere.png')
        os.mkfifo(folder / 'pipe.txt')
        (folder / 'broken.parquet').write_text('no Parquet')
        names = ['none.jpg', 'empty', 'dangling.png', 'a.txt', 'pipe.txt', 'broken.parquet']
        return [str(folder / name) for name in names]

    def test_each_is_reported(self, folder: Path, inputs: list[str]) -> None:
        pytest.importorskip('pyarrow')
        found = find_images([*inputs, folder / 'b.png'])
        assert found.images == [str(folder / 'b.png')]
        assert list(found.problems) == inputs
        told = [str(error).replace(f'{folder}/', '') for error in found.problems.values()]
        assert told[0] == 'there is no image or folder none.jpg'
        assert told[1].startswith('folder empty has no images; they end in .jpg, ')
        assert told[2] == 'there is no image or folder dangling.png'
        assert told[3].startswith('a.txt names no image; it takes a path a line')
        assert told[4] == 'pipe.txt is no regular file but a pipe, which is not opened'
        assert told[5].startswith('broken.parquet is no Parquet file, or a broken one: ')

    @pytest.mark.parametrize('position', range(5))
    def test_nothing_else_is_there(self, inputs: list[str], position: int) -> None:
        given = inputs[position:5] + inputs[:position]
        with pytest.raises((FileNotFoundError, ValueError), match=os.path.basename(given[0])):
            find_images(given)

    def test_a_list_of_images_is_refused_for_any(self, folder: Path, inputs: list[str]) -> None:
        with pytest.raises(FileNotFoundError, match='there is no image or folder'):
            list_images([folder / 'b.png', inputs[0]])
