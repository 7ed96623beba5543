"""Paths that cannot be searched stop no search of the others."""

import errno
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from folder_results import QUICK, SETTINGS, fail, file_names, names_in

from mmosis.search import OneShotInferencer
from mmosis.search.view_search import Searched


class TestBadPaths:
    """None stops the search of the others."""

    def test_each_is_reported(self, run: Callable, photos: Path, tmp_path: Path) -> None:
        (photos / 'b.png').unlink()
        os.mkfifo(photos / 'b.png')
        (photos / 'c.jpg').unlink()
        (photos / 'c.jpg').symlink_to(photos / 'nowhere.jpg')
        (photos / 'deep.jpg').mkdir()
        (tmp_path / 'list.txt').write_text(f'{photos}/none.png\n{photos}/deep.jpg\n')
        report = run([photos, tmp_path / 'none', tmp_path / 'list.txt'])
        assert file_names(tmp_path / 'out') == ['a.jpg', 'd.png']
        assert report.errors == {
            f'{tmp_path}/none': f'there is no image or folder {tmp_path}/none',
            'b.png': f'{photos}/b.png is no regular file but a pipe, which is not opened',
            'c.jpg': f'there is no image file {photos}/c.jpg',
            'none.png': f'there is no image file {photos}/none.png',
            'deep.jpg': f'there is no image file {photos}/deep.jpg',
        }

    def test_paths_that_lead_nowhere(self, run: Callable, photos: Path, tmp_path: Path) -> None:
        (photos / 'loop.png').symlink_to(photos / 'loop.png')
        (tmp_path / 'list.txt').write_text(f'{photos}/a\0.jpg\n{photos}/{300 * "x"}.jpg\n')
        report = run([photos, '~nobody.jpg', tmp_path / 'list.txt', 300 * 'x'], options=SETTINGS)
        assert report.num_images == 4
        assert set(report.errors) == {'~nobody.jpg', 300 * 'x', 'loop.png', 'a\0.jpg', f'{300 * "x"}.jpg'}
        assert report.errors['~nobody.jpg'] == 'there is no image or folder ~nobody.jpg'

    def test_all_are_bad(self, run: Callable, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match=r'there is no image or folder .*none'):
            run([tmp_path / 'none', tmp_path / 'no'])
        assert not (tmp_path / 'out').exists()

    def test_an_image_that_is_removed_meanwhile(
        self, run: Callable, inferencer: OneShotInferencer, photos: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def search(*args: object) -> Searched:
            (photos / 'c.jpg').unlink(missing_ok=True)
            return before(*args)

        before = inferencer.search_image
        monkeypatch.setattr(inferencer, 'search_image', search)
        report = run()
        assert (report.num_images, report.errors) == (3, {'c.jpg': f'there is no image file {photos}/c.jpg'})

    def test_what_is_too_large(self, run: Callable, photos: Path) -> None:
        """It is searched once the limit is raised."""
        cv2.imwrite(str(photos / 'e.png'), np.zeros((120, 121, 3), np.uint8))
        report = run(options=replace(QUICK, max_pixels=120 * 120))
        assert report.num_images == 4
        assert report.errors['e.png'].startswith(f'{photos}/e.png has 121x120 pixels (w x h), more than 14400; make it')
        for _ in range(2):
            report = run(options=replace(QUICK, max_pixels=120 * 121), resume=True)
            assert (report.num_images, report.errors) == (5, {})

    @pytest.mark.parametrize(
        'error',
        [
            MemoryError(),
            RuntimeError("can't allocate memory: you tried to allocate 9 bytes"),
            cv2.error('Insufficient memory'),
        ],
    )
    def test_too_little_memory(
        self, run: Callable, inferencer: OneShotInferencer, monkeypatch: pytest.MonkeyPatch, error: Exception
    ) -> None:
        def search(image: np.ndarray, *args: object) -> Searched:
            calls.append(image)
            if len(calls) == 2:
                raise error
            return before(image, *args)

        calls, before = [], inferencer.search_image
        monkeypatch.setattr(inferencer, 'search_image', search)
        report = run()
        assert report.num_images == 3
        assert report.errors == {
            'b.png': 'it takes more memory than there is; make it smaller, or search in tiles (--tile)'
        }

    def test_too_little_memory_to_read_it(self, run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr('mmosis.search.folders.folder_search.load_image', lambda *_: fail(MemoryError()))
        assert set(run().errors.values()) == {
            'it takes more memory than there is; make it smaller, or search in tiles (--tile)'
        }

    def test_another_error_is_not_hidden(
        self, run: Callable, inferencer: OneShotInferencer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(inferencer, 'search_image', lambda *_: fail(RuntimeError('a defect')))
        with pytest.raises(RuntimeError, match='a defect'):
            run()

    def test_names_that_are_as_long_as_can_be(self, run: Callable, photos: Path, tmp_path: Path) -> None:
        """Their overlays would have names that are too long."""
        names = [f'{83 * "山"}{letter}.png' for letter in 'xy']
        for name in names:
            shutil.copy(photos / 'b.png', photos / name)
        report = run([photos / name for name in names], options=SETTINGS)
        assert (report.num_images, report.errors) == (2, {})
        overlays = names_in(tmp_path / 'out' / 'overlays')
        assert len(overlays) == 2
        assert all(name.startswith('山山') and len(name.encode()) <= 255 for name in overlays)

    def test_a_name_that_the_file_system_does_not_take(self, run: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
        def write(path: Path, *_: object) -> None:
            if path.name == 'b.png.jpg':
                raise OSError(errno.ENAMETOOLONG, f'cannot write {path}: File name too long')

        monkeypatch.setattr('mmosis.search.folders.folder_search.write_image', write)
        report = run(options=SETTINGS)
        assert report.num_images == 3
        assert re.fullmatch(
            'cannot write .*b.png.jpg: File name too long; give it a shorter name, or search without overlays',
            report.errors['b.png'],
        )
