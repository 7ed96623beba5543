"""Searches of many images go on after a stop, with the same images or with others."""

import errno
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from folder_results import NAMES, QUICK, SETTINGS, file_names, names_in, read

from mmosis.search import OneShotInferencer, ReferenceBank
from mmosis.search.score_calibration import Calibration


class TestResume:
    def test_a_stop_loses_nothing(self, run: Callable, count: Callable, whole: Path, tmp_path: Path) -> None:
        count(stop_after=2)
        with pytest.raises(KeyboardInterrupt):
            run(options=SETTINGS)
        assert file_names(tmp_path / 'out') == NAMES[:2]
        assert read(tmp_path / 'out')['annotations']
        search = count()
        report = run(options=SETTINGS, resume=True)
        assert len(search.images) == 2
        assert (report.num_images, report.num_found) == (4, len(read(whole)['annotations']))
        for name in ('annotations.json', 'overlays/b.png.jpg', 'overlays/c.jpg'):
            assert (tmp_path / 'out' / name).read_bytes() == (whole / name).read_bytes()
        assert names_in(tmp_path / 'out') == names_in(whole)

    def test_nothing_is_left_to_do(self, run: Callable, count: Callable, tmp_path: Path) -> None:
        run()
        before = (tmp_path / 'out' / 'annotations.json').read_bytes()
        search = count()
        assert run(resume=True).num_images == 4
        assert search.images == []
        assert (tmp_path / 'out' / 'annotations.json').read_bytes() == before

    def test_new_images_join(self, run: Callable, count: Callable, photos: Path, tmp_path: Path) -> None:
        run()
        shutil.copy(photos / 'a.jpg', photos / 'aa.jpg')
        search = count()
        assert run(resume=True).num_images == 5
        assert len(search.images) == 1
        assert file_names(tmp_path / 'out') == [*NAMES, 'aa.jpg']

    @pytest.mark.parametrize('content', [b'no image', None])
    def test_an_unreadable_image_stops_nothing(
        self, run: Callable, count: Callable, whole: Path, photos: Path, tmp_path: Path, content: bytes | None
    ) -> None:
        good = (photos / 'b.png').read_bytes()
        (photos / 'b.png').write_bytes(good[:-400] if content is None else content)
        report = run()
        assert list(report.errors) == ['b.png']
        assert re.search(r'b\.png is not a readable image: \d+ bytes', report.errors['b.png'])
        assert (report.num_images, file_names(tmp_path / 'out')) == (3, ['a.jpg', 'c.jpg', 'd.png'])
        assert list(run(resume=True).errors) == ['b.png']
        (photos / 'b.png').write_bytes(good)
        search = count()
        assert run(resume=True).errors == {}
        assert len(search.images) == 1
        assert (tmp_path / 'out' / 'annotations.json').read_bytes() == (whole / 'annotations.json').read_bytes()

    def test_an_image_that_may_not_be_read(
        self, run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As root all may be read."""

        def load(file: str, _: int) -> np.ndarray:
            if file.endswith('a.jpg'):
                raise PermissionError(errno.EACCES, 'Permission denied', file)
            return np.full((60, 60, 3), 90, np.uint8)

        monkeypatch.setattr('mmosis.search.folders.folder_search.load_image', load)
        report = run()
        assert report.num_images == 3
        assert 'Permission denied' in report.errors['a.jpg']

    def test_not_asked_for(self, run: Callable, count: Callable) -> None:
        run()
        search = count()
        with pytest.raises(ValueError, match=r'out has results of an earlier search \(4 images\); resume it'):
            run()
        assert search.images == []

    def test_only_the_same_search(self, run: Callable, bank: ReferenceBank, photos: Path, tmp_path: Path) -> None:
        """Names alone do not tell the references: they may change places, or one may become negative."""
        three = bank.add(bank.remove('cup'))
        message = (three.thumbnails, three.encoded, bank.fingerprint)
        swapped = ReferenceBank([three.entries[row] for row in (0, 1, 1)], *message)
        negative = ReferenceBank([*bank.entries, replace(bank.entries[0], negative=True)], *message)
        assert three.names == swapped.names == negative.names
        run(photos / 'a.jpg', three)
        for changes, names in (
            (dict(options=replace(QUICK, score_thr=0.3)), 'score_thr'),
            (dict(options=replace(QUICK, keep_all=True, polygons=True)), 'keep_all, polygons'),
            (dict(bank=three.remove('cup')), 'classes, references'),
            (dict(bank=swapped), 'references'),
            (dict(bank=negative), 'references'),
        ):
            with pytest.raises(ValueError, match=f'is of a search that differs in {names}; resume with the same'):
                run(**(dict(inputs=photos / 'a.jpg', bank=three) | changes), resume=True)

    @pytest.mark.parametrize(
        ('name', 'value'),
        [
            ('precision', 'bf16'),
            ('calibration', Calibration(2.0)),
        ],
    )
    def test_only_the_same_model_settings(
        self, run: Callable, inferencer: OneShotInferencer, monkeypatch: pytest.MonkeyPatch, name: str, value: object
    ) -> None:
        run()
        monkeypatch.setattr(inferencer, name, value)
        with pytest.raises(ValueError, match=f'is of a search that differs in {name}; resume'):
            run(resume=True)

    def test_only_the_same_views(self, run: Callable) -> None:
        run()
        for given, names in ((dict(image_scale=320), 'max_enlargement, sides'), (dict(tile=96), 'tile')):
            with pytest.raises(ValueError, match=f'is of a search that differs in {names}; resume'):
                run(options=replace(QUICK, **given), resume=True)


class TestOtherImages:
    """``resume`` with other images: the earlier ones stay, before those that are added."""

    def test_they_are_added(self, run: Callable, count: Callable, photos: Path, tmp_path: Path) -> None:
        files = [photos / name for name in NAMES]
        assert (run(files[:2]).num_kept, run(files[:2], resume=True).num_kept) == (0, 0)
        before = read(tmp_path / 'out')
        search = count()
        report = run([files[3], files[2]], resume=True)
        assert (report.num_images, report.num_kept, report.num_added) == (4, 2, 2)
        assert len(search.images) == 2
        assert file_names(tmp_path / 'out') == ['a.jpg', 'b.png', 'd.png', 'c.jpg']
        after = read(tmp_path / 'out')
        assert after['images'][:2] == before['images']
        assert after['annotations'][: len(before['annotations'])] == before['annotations']
        assert report.num_found == len(after['annotations'])

    def test_whatever_is_given_then_nothing_changes(self, run: Callable, count: Callable, photos: Path, tmp_path: Path):
        run([photos / 'b.png', photos / 'a.jpg'])
        run(photos, resume=True)
        before = (tmp_path / 'out' / 'annotations.json').read_bytes()
        assert file_names(tmp_path / 'out') == ['b.png', 'a.jpg', 'c.jpg', 'd.png']
        search = count()
        for inputs, kept in ((photos / 'c.jpg', 4), ([photos / 'd.png', photos / 'a.jpg'], 4), (photos, 0)):
            report = run(inputs, resume=True)
            assert (report.num_kept, report.num_added) == (kept, 0)
            assert (tmp_path / 'out' / 'annotations.json').read_bytes() == before
        assert search.images == []

    def test_a_stop_among_the_added(self, run: Callable, count: Callable, photos: Path, tmp_path: Path) -> None:
        run(photos / 'd.png')
        count(stop_after=1)
        with pytest.raises(KeyboardInterrupt):
            run(photos, resume=True)
        assert file_names(tmp_path / 'out') == ['d.png', 'a.jpg']
        count()
        assert run(photos / 'c.jpg', resume=True).num_added == 0
        assert file_names(tmp_path / 'out') == ['d.png', 'a.jpg', 'c.jpg']

    def test_in_a_wider_folder(self, run: Callable, count: Callable, photos: Path, tmp_path: Path) -> None:
        """What was searched is found again under its new name, and its overlay has moved; names may look alike."""
        (photos / 'photos').mkdir()
        shutil.copy(photos / 'b.png', photos / 'photos' / 'a.jpg')
        (tmp_path / 'others').mkdir()
        shutil.copy(photos / 'c.jpg', tmp_path / 'others' / 'a.jpg')
        first, other = [photos / 'a.jpg', photos / 'photos' / 'a.jpg'], tmp_path / 'others' / 'a.jpg'
        run([*first, other], options=SETTINGS, out='whole')
        run(first, options=SETTINGS)
        search = count()
        report = run(other, options=SETTINGS, resume=True)
        assert (report.num_kept, report.num_added) == (2, 1)
        assert run([*first, other], options=SETTINGS, resume=True).num_kept == 0
        assert len(search.images) == 1
        names = ['photos/a.jpg', 'photos/photos/a.jpg', 'others/a.jpg']
        assert file_names(tmp_path / 'out') == names
        assert names_in(tmp_path / 'out') == names_in(tmp_path / 'whole')
        for name in ('annotations.json', *(f'overlays/{name}' for name in names)):
            assert (tmp_path / 'out' / name).read_bytes() == (tmp_path / 'whole' / name).read_bytes()
        assert run(photos / 'a.jpg', options=SETTINGS, resume=True).num_images == 3

    def test_images_in_the_place_of_overlays_do_not_move(self, run: Callable, photos: Path, tmp_path: Path) -> None:
        (tmp_path / 'out').mkdir()
        images = photos.rename(tmp_path / 'out' / 'overlays')
        run(images)
        (tmp_path / 'x').mkdir()
        shutil.copy(images / 'a.jpg', tmp_path / 'x')
        assert run(tmp_path / 'x', resume=True).num_images == 5
        assert names_in(images) == NAMES

    def test_parquet(self, run: Callable, photos: Path) -> None:
        pq = pytest.importorskip('pyarrow.parquet')
        run(photos / 'a.jpg', out='out/found.parquet')
        report = run(photos / 'b.png', out='out/found.parquet', resume=True)
        names = pq.read_table(report.annotations)['file_name'].to_pylist()
        assert list(dict.fromkeys(names)) == ['a.jpg', 'b.png']

    def test_a_journal_of_before(self, run: Callable, count: Callable, photos: Path, tmp_path: Path) -> None:
        """It had the folder in its first line, and did not say what was to be searched."""
        run([photos / 'a.jpg', photos / 'b.png'])
        header, inputs, *records = (tmp_path / 'out' / 'journal.jsonl').read_text().splitlines()
        header = json.dumps(json.loads(header) | dict(folder=json.loads(inputs)['folder']))
        (tmp_path / 'out' / 'journal.jsonl').write_text('\n'.join([header, *records, '']))
        search = count()
        assert run(photos, resume=True).num_kept == 2
        assert len(search.images) == 2
        assert file_names(tmp_path / 'out') == NAMES
