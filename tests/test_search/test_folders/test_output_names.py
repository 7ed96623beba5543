"""Names of what is written for images: they fit, and none is another's."""

import os
from pathlib import Path

import pytest

from mmosis.search.folders.output_names import common_folder, is_inside, name_outputs, overlay_name
from mmosis.utils.file_names import LONGEST, fit_name


def test_common_folder() -> None:
    assert common_folder(['/a/b/c.jpg', '/a/b/d.jpg']) == '/a/b'
    assert common_folder(['/a/b/c.jpg', '/a/bc/d.jpg']) == '/a'
    assert common_folder(['/a/b.jpg']) == '/a'


def test_inside(tmp_path: Path) -> None:
    (tmp_path / 'loop.jpg').symlink_to(tmp_path / 'loop.jpg')
    (tmp_path / 'link').symlink_to(tmp_path)
    assert is_inside(f'{tmp_path}/link/a.jpg', tmp_path)
    assert is_inside(f'{tmp_path}/loop.jpg', tmp_path)
    assert not is_inside(f'{tmp_path}2/a.jpg', tmp_path)
    assert not is_inside('a\0.jpg', tmp_path)


@pytest.mark.parametrize(
    ('name', 'image'),
    [
        ('a.jpg', 'a.jpg'),
        ('deep/a.JPEG', 'deep/a.JPEG'),
        ('deep/a.png', 'deep/a.png.jpg'),
        ('a', 'a.jpg'),
        ('a.jpe', 'a.jpe.jpg'),
        ('a.jpg.jpg', 'a.jpg.jpg'),
        ('2024.01.02.jpg', '2024.01.02.jpg'),
    ],
)
def test_images(name: str, image: str) -> None:
    assert overlay_name(name) == image


def test_an_image_that_has_the_name_of_anothers_overlay() -> None:
    assert overlay_name('deep/a.png') == 'deep/a.png.jpg'
    assert overlay_name('deep/a.png.jpg') == 'deep/a.png~709de9f0c373.jpg'


@pytest.mark.parametrize('letter', ['a', 'é', '山', '\udcff'])
def test_long_names(letter: str, tmp_path: Path) -> None:
    """The longest that a file can have: different ones stay different, and the folder counts."""
    size = len(os.fsencode(letter))
    stem = letter * ((LONGEST - 5) // size) + (LONGEST - 5) % size * 'x'
    names = [f'{stem}b.png', f'{stem}c.png', f'other/{stem}b.png']
    assert len(os.fsencode(names[0])) == LONGEST
    assert [fit_name(name) for name in names] == names
    images = [overlay_name(name) for name in names]
    assert len(set(images)) == 3
    assert images == [overlay_name(name) for name in names]
    for image in images:
        folder, last = os.path.split(image)
        assert folder == ('other' if image == images[2] else '')
        assert last.endswith('.jpg')
        assert last[0] == letter or letter == '\udcff'  # of what is no text the hash alone is left
        (tmp_path / last).touch()


class TestOutputs:
    def name(self, *files: str) -> list[tuple[str, str]]:
        return [tuple(names) for names in name_outputs(files).values()]

    def test_as_mmdet_does(self) -> None:
        assert self.name('x/a.jpg', '/y/b.png') == [('a.jpg', 'a.json'), ('b.png', 'b.json')]
        assert name_outputs([]) == {}

    def test_of_one_name_in_two_folders(self) -> None:
        assert self.name('x/a.jpg', 'y/a.jpg', 'y/b.jpg') == [
            ('x/a.jpg', 'x/a.json'),
            ('y/a.jpg', 'y/a.json'),
            ('y/b.jpg', 'y/b.json'),
        ]

    def test_of_one_stem(self) -> None:
        """The predictions are named by it."""
        assert self.name('a.jpg', 'a.png', 'b.png') == [
            ('a.jpg', 'a.jpg.json'),
            ('a.png', 'a.png.json'),
            ('b.png', 'b.json'),
        ]

    def test_the_same_image_twice(self) -> None:
        assert self.name('x/a.jpg', './x/a.jpg') == 2 * [('a.jpg', 'a.json')]

    def test_images_get_a_suffix_that_can_be_written(self) -> None:
        assert self.name('a.jfif', 'b') == [('a.jfif.jpg', 'a.json'), ('b.jpg', 'b.json')]

    def test_addresses(self) -> None:
        assert self.name('s3://x/a.jpg', 's3://y/a.jpg') == [('x/a.jpg', 'x/a.json'), ('y/a.jpg', 'y/a.json')]
