"""Searches of many images: what they write, and how they go on after a stop."""

import errno
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import cv2
import numpy as np
import pytest
from pycocotools.coco import COCO
from search_model import CONFIG, write_weights

from mmosis.search import OneShotInferencer, ReferenceBank, SearchOptions, search_array, search_images
from mmosis.search.folders import parquet
from mmosis.search.folders.folder_search import SearchReport
from mmosis.search.folders.search_journal import SearchJournal
from mmosis.search.nms import box_iou
from mmosis.search.score_calibration import Calibration
from mmosis.search.view_search import Searched

SETTINGS = SearchOptions(score_thr=0.4)
QUICK = replace(SETTINGS, overlays=False)  # images take as long as the search
NAMES = ['a.jpg', 'b.png', 'c.jpg', 'd.png']


@pytest.fixture(scope='session')
def bank(inferencer: OneShotInferencer, scene: object) -> ReferenceBank:
    references = [
        dict(img=scene.image, mask=scene.instances[i].mask, name=name) for i, name in ((0, 'mug'), (1, 'cup'))
    ]
    return inferencer.encode(references)


@pytest.fixture(scope='session')
def _photos(tmp_path_factory: pytest.TempPathFactory, scene: object) -> Path:
    folder = tmp_path_factory.mktemp('photos')
    for i, name in enumerate(NAMES):
        cv2.imwrite(str(folder / name), np.ascontiguousarray(scene.image[10 * i : 10 * i + 90, 8 * i : 8 * i + 120]))
    return folder


@pytest.fixture
def photos(tmp_path: Path, _photos: Path) -> Path:
    return shutil.copytree(_photos, tmp_path / 'photos')


@pytest.fixture(scope='session')
def whole(inferencer: OneShotInferencer, bank: ReferenceBank, _photos: Path, tmp_path_factory) -> Path:
    """Folder with the results of a search that nothing stopped."""
    out = tmp_path_factory.mktemp('whole')
    search_images(inferencer, _photos, bank, out, SETTINGS)
    return out


class Search:
    """Counts the images that an inferencer searches; may stop it."""

    def __init__(self, search: Callable[..., Searched], stop_after: int | None = None) -> None:
        self.search, self.stop_after, self.images = search, stop_after, []

    def __call__(self, image: np.ndarray, *args: object) -> Searched:
        if len(self.images) == self.stop_after:
            raise KeyboardInterrupt
        self.images.append(image)
        return self.search(image, *args)


@pytest.fixture
def count(inferencer: OneShotInferencer, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Search]:
    def start(**settings: int) -> Search:
        monkeypatch.undo()
        search = Search(inferencer.search_image, **settings)
        monkeypatch.setattr(inferencer, 'search_image', search)
        return search

    return start


@pytest.fixture
def run(
    inferencer: OneShotInferencer, photos: Path, bank: ReferenceBank, tmp_path: Path
) -> Callable[..., SearchReport]:
    """Search the photos, or other images, and write to ``out``."""

    def run(
        inputs: object = photos,
        bank: ReferenceBank = bank,
        options: SearchOptions = QUICK,
        resume: bool = False,
        out: str = 'out',
    ) -> SearchReport:
        return search_images(inferencer, inputs, bank, tmp_path / out, options, resume)

    return run


def read(folder: Path) -> dict:
    return json.loads((folder / 'annotations.json').read_text())


def names_in(folder: Path) -> list[str]:
    """Files in it and below, without the hidden ones of a half-written file."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob('*') if path.is_file())


def file_names(folder: Path) -> list[str]:
    return [image['file_name'] for image in read(folder)['images']]


class TestOutput:
    def test_annotations(
        self, run: Callable, inferencer: OneShotInferencer, bank: ReferenceBank, photos: Path, tmp_path: Path
    ) -> None:
        report = run()
        assert report.annotations == tmp_path / 'out' / 'annotations.json'
        assert (report.num_images, report.errors) == (4, {})
        coco = COCO(str(report.annotations))
        assert [image['file_name'] for image in coco.dataset['images']] == NAMES
        assert {(image['width'], image['height']) for image in coco.dataset['images']} == {(120, 90)}
        assert [category['name'] for category in coco.dataset['categories']] == ['mug', 'cup']
        assert report.num_found == len(coco.anns) > 4
        for image_id, name in enumerate(NAMES, 1):
            found = inferencer.search(cv2.imread(str(photos / name)), bank)
            found = found[found.scores >= 0.4]
            annotations = coco.imgToAnns[image_id]
            assert [a['category_id'] for a in annotations] == [label + 1 for label in found.labels.tolist()]
            assert [a['score'] for a in annotations] == pytest.approx(found.scores.tolist(), abs=1e-4)
            masks = [coco.annToMask(a) for a in annotations]
            np.testing.assert_array_equal(masks, found.masks.numpy())

    def test_an_overlay_of_each_image(self, run: Callable, tmp_path: Path) -> None:
        run(options=SETTINGS)
        overlays = tmp_path / 'out' / 'overlays'
        assert names_in(overlays) == ['a.jpg', 'b.png.jpg', 'c.jpg', 'd.png.jpg']
        assert {cv2.imread(str(path)).shape for path in overlays.iterdir()} == {(480, 640, 3)}

    def test_overlays_of_one_stem(self, run: Callable, photos: Path, tmp_path: Path) -> None:
        for name in ('a.png', 'a.JPG', 'a.jpeg'):
            shutil.copy(photos / 'a.jpg', photos / name)
        files = [photos / name for name in ('a.jpg', 'a.png', 'a.JPG', 'a.jpeg')]
        run(files, options=SETTINGS)
        assert names_in(tmp_path / 'out' / 'overlays') == ['a.JPG', 'a.jpeg', 'a.jpg', 'a.png.jpg']

    def test_no_overlays(self, run: Callable, tmp_path: Path) -> None:
        run([tmp_path / 'photos' / 'a.jpg'], options=QUICK)
        assert names_in(tmp_path / 'out') == ['annotations.json', 'journal.jsonl']

    def test_polygons(self, run: Callable, photos: Path, tmp_path: Path) -> None:
        run(photos / 'a.jpg', options=replace(QUICK, polygons=True))
        kinds = {type(annotation['segmentation']) for annotation in read(tmp_path / 'out')['annotations']}
        assert kinds == {list}

    def test_parquet_in_place_of_the_coco_file(self, run: Callable, photos: Path, tmp_path: Path) -> None:
        """All else is in the folder of the file, so that either is made of what the other search found."""
        pq = pytest.importorskip('pyarrow.parquet')
        report = run(photos / 'a.jpg', out='out/found.parquet')
        assert report.annotations == tmp_path / 'out' / 'found.parquet'
        assert names_in(tmp_path / 'out') == ['found.parquet', 'journal.jsonl']
        assert pq.read_table(report.annotations).num_rows == report.num_found > 0
        assert run(photos / 'a.jpg', resume=True).num_found == report.num_found
        assert len(read(tmp_path / 'out')['annotations']) == report.num_found

    def test_pyarrow_is_missing(self, run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is told before the search."""
        monkeypatch.setattr(parquet, 'find_spec', lambda _: None)
        with pytest.raises(ImportError, match='Parquet files are read and written by pyarrow'):
            run(out='out/found.parquet')
        assert not (tmp_path / 'out').exists()

    def test_a_list_of_paths(self, run: Callable, photos: Path, tmp_path: Path) -> None:
        """What it names and is not there is told at the end."""
        (tmp_path / 'list.txt').write_text(f'{photos}/b.png\n{photos}/none.png\n{photos}/a.jpg\n')
        report = run(tmp_path / 'list.txt')
        assert file_names(tmp_path / 'out') == ['b.png', 'a.jpg']
        assert report.errors == {'none.png': f'there is no image file {photos}/none.png'}

    def test_a_threshold_that_nothing_reaches(self, run: Callable, photos: Path) -> None:
        report = run(photos / 'a.jpg', options=SearchOptions(score_thr=1))
        assert (report.num_images, report.num_found) == (1, 0)
        assert COCO(str(report.annotations)).getAnnIds() == []

    def test_files_are_named_below_the_folder_of_all(self, run: Callable, photos: Path, tmp_path: Path) -> None:
        (photos / 'deep' / 'er').mkdir(parents=True)
        shutil.move(photos / 'd.png', photos / 'deep' / 'er' / 'd.png')
        shutil.move(photos / 'a.jpg', photos / 'deep' / 'a.jpg')
        run(
            [photos / 'deep' / 'er', photos / 'deep' / '..' / 'deep' / 'a.jpg', str(photos / 'b.png')],
            options=SETTINGS,
        )
        assert file_names(tmp_path / 'out') == ['deep/er/d.png', 'deep/a.jpg', 'b.png']
        assert names_in(tmp_path / 'out' / 'overlays') == ['b.png.jpg', 'deep/a.jpg', 'deep/er/d.png.jpg']

    def test_a_link_keeps_its_name(self, run: Callable, photos: Path, tmp_path: Path) -> None:
        (tmp_path / 'links').mkdir()
        for name in ('x.jpg', 'y.jpg'):
            (tmp_path / 'links' / name).symlink_to(photos / 'a.jpg')
        run(tmp_path / 'links')
        assert file_names(tmp_path / 'out') == ['x.jpg', 'y.jpg']

    @pytest.mark.parametrize('again', ['a.jpg', 'deep/../a.jpg'])
    def test_an_image_twice(self, run: Callable, photos: Path, tmp_path: Path, again: str) -> None:
        (photos / 'deep').mkdir()
        with pytest.raises(ValueError, match=r'an image is to be searched once, got a\.jpg(, .*)? more than once'):
            run([photos, photos / again])
        assert not (tmp_path / 'out').exists()

    def test_overlays_would_overwrite_the_images(self, run: Callable, photos: Path, tmp_path: Path) -> None:
        (tmp_path / 'out').mkdir()
        images = photos.rename(tmp_path / 'out' / 'overlays')
        with pytest.raises(ValueError, match=r'overlays would overwrite images in .*overlays; write to'):
            run(images, options=SETTINGS)
        run(images, options=QUICK)
        assert names_in(images) == NAMES

    def test_an_address_without_a_backend_stops_nothing(self, run: Callable, photos: Path, tmp_path: Path) -> None:
        (tmp_path / 'list.txt').write_text(f'{photos}/a.jpg\nnothing://b.jpg\n')
        report = run(tmp_path / 'list.txt')
        assert (report.num_images, len(report.errors)) == (1, 1)
        assert 'nothing://b.jpg cannot be read by the file backends of MMEngine' in str(report.errors)

    @pytest.mark.parametrize('resume', [False, True])
    def test_annotations_of_something_else_are_not_overwritten(
        self, run: Callable, photos: Path, tmp_path: Path, resume: bool
    ) -> None:
        """The folder of a data set may be given."""
        (photos / 'annotations.json').write_text('mine')
        message = 'annotations.json is of no search that can go on, journal.jsonl is missing; write to another folder'
        with pytest.raises(ValueError, match=message):
            run(out=photos, resume=resume)
        assert (photos / 'annotations.json').read_text() == 'mine'
        assert not (photos / 'journal.jsonl').exists()

    def test_search_array(self, inferencer: OneShotInferencer, bank: ReferenceBank, scene: object) -> None:
        for keep_all in (False, True):
            found = search_array(inferencer, scene.image, bank, SearchOptions(score_thr=0.4, keep_all=keep_all))
            everything = inferencer.search(scene.image, bank, keep_all)
            expected = everything[everything.scores >= 0.4]
            np.testing.assert_array_equal(found.bboxes, expected.bboxes)
            np.testing.assert_array_equal(found.labels, expected.labels)
            assert len(found) == len(expected) > 0


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


class TestOneAtATime:
    def test_the_second_is_refused(self, run: Callable, tmp_path: Path) -> None:
        run()
        before = names_in(tmp_path / 'out')
        with SearchJournal(tmp_path / 'other' / 'journal.jsonl', {}, resume=False):
            for out in ('other', 'other/found.parquet'):
                with pytest.raises(ValueError, match=r'another search writes to .*other; wait for it, or take another'):
                    run(out=out, resume=True)
        assert names_in(tmp_path / 'other') == ['journal.jsonl']
        assert run(resume=True).num_images == 4
        assert names_in(tmp_path / 'out') == before

    def test_what_a_kill_left_is_removed(self, run: Callable, photos: Path, tmp_path: Path) -> None:
        """And nothing else."""
        run(options=SETTINGS)
        before = names_in(tmp_path / 'out')
        left = f'.{"0a" * 16}.part'
        for name in (left, f'overlays/{left}', f'overlays/deep/er/{left}', 'overlays/mine.part'):
            (tmp_path / 'out' / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / 'out' / name).touch()
        run(options=SETTINGS, resume=True)
        assert names_in(tmp_path / 'out') == sorted([*before, 'overlays/mine.part'])


def fail(error: BaseException) -> NoReturn:
    raise error


def test_an_address_is_read_as_it_was_given(run: Callable, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MMEngine has backends for some; without it those of the web are refused in words, and the rest is searched."""
    monkeypatch.setitem(sys.modules, 'mmengine.fileio', None)
    address = 'https://a.b/c.jpg'
    report = run([address, str(min(photos.glob('*.png')))])
    message = f'{address} is an address, and nothing is fetched: download it and give the file'
    assert list(report.errors.values()) == [message]
    assert report.num_images == 1


class TestErrors:
    def test_another_model(self, bank: ReferenceBank, photos: Path, tmp_path: Path) -> None:
        other = OneShotInferencer(str(CONFIG), write_weights(tmp_path / 'other.pth', 1), 'cpu', show_progress=False)
        with pytest.raises(ValueError, match='these references were encoded by another model'):
            search_images(other, photos, bank, tmp_path / 'out', SETTINGS)
        assert not (tmp_path / 'out').exists()

    @pytest.mark.parametrize(
        ('inputs', 'error', 'message'),
        [
            ('none', FileNotFoundError, 'there is no image or folder .*none'),
            ('empty', ValueError, 'folder .*empty has no images; they end in'),
        ],
    )
    def test_no_images(self, run: Callable, tmp_path: Path, inputs: str, error: type, message: str) -> None:
        (tmp_path / 'empty').mkdir()
        with pytest.raises(error, match=message):
            run(tmp_path / inputs)
        assert not (tmp_path / 'out').exists()

    @pytest.mark.parametrize('score_thr', [-0.1, 1.1, float('nan')])
    def test_score_thr(self, score_thr: float) -> None:
        with pytest.raises(ValueError, match=f'the score threshold must be in 0-1, got {score_thr}'):
            SearchOptions(score_thr=score_thr)

    def test_a_file_in_place_of_the_folder(self, run: Callable, count: Callable, tmp_path: Path) -> None:
        (tmp_path / 'out').write_text('a file')
        search = count()
        with pytest.raises(OSError, match='out'):
            run()
        assert search.images == []
        assert (tmp_path / 'out').read_text() == 'a file'

    def test_the_disk_is_full_while_an_overlay_is_written(
        self, run: Callable, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Files are flushed in this order: two lines of the journal, a.jpg, its line, b.png.jpg."""
        calls, fsync = [], os.fsync

        def fill(handle: int) -> None:
            calls.append(handle)
            if len(calls) == 5:
                raise OSError(errno.ENOSPC, 'No space left on device')
            fsync(handle)

        with monkeypatch.context() as patch:
            patch.setattr('os.fsync', fill)
            with pytest.raises(OSError, match=r'cannot write .*overlays/b\.png\.jpg: No space left on device'):
                run(options=SETTINGS)
        assert names_in(tmp_path / 'out') == ['annotations.json', 'journal.jsonl', 'overlays/a.jpg']
        assert file_names(tmp_path / 'out') == ['a.jpg']
        assert run(options=SETTINGS, resume=True).num_images == 4
        assert (tmp_path / 'out' / 'annotations.json').read_bytes() == (whole / 'annotations.json').read_bytes()


class TestTiles:
    def test_an_image_that_fits_is_searched_in_one_piece(
        self, inferencer: OneShotInferencer, bank: ReferenceBank, scene: object
    ) -> None:
        each = [search_array(inferencer, scene.image, bank, replace(SETTINGS, tile=tile)) for tile in (None, 192)]
        np.testing.assert_allclose(*(found.scores for found in each), rtol=1e-5)

    @pytest.mark.parametrize('keep_all', [False, True])
    def test_a_larger_one_is_searched_in_parts_and_settled_as_a_whole(
        self, inferencer: OneShotInferencer, bank: ReferenceBank, scene: object, keep_all: bool
    ) -> None:
        options = replace(SETTINGS, tile=96, keep_all=keep_all)
        ((_, total), *_), searched = run_through(inferencer.search_batch([scene.image], bank, options))
        assert total == len(searched[0].plans[0].tiles) == 9
        found = search_array(inferencer, scene.image, bank, options)
        assert found.masks.img_shape == scene.image.shape[:2]
        assert found.bboxes.min() >= 0
        assert found.bboxes.max() <= 192
        assert found.bboxes[:, 2].max() > 96, 'nothing beyond the first tile'
        overlaps = np.triu(box_iou(found.bboxes, found.bboxes), k=1)
        assert (overlaps.max() > inferencer.nms_iou_thr) == keep_all

    def test_it_is_reported_and_kept(self, run: Callable, tmp_path: Path) -> None:
        assert run(options=replace(QUICK, tile=96)).searched == 'in 2 tiles of 96 pixels'
        lines = [json.loads(line) for line in (tmp_path / 'out' / 'journal.jsonl').read_text().splitlines()]
        assert lines[0]['tile'] == 96
        assert lines[-1]['plans'] == [dict(views=2, tile=96, side=None, wanted=None)]


def run_through(steps: Generator) -> tuple[list, object]:
    """What a generator yields, and what it returns."""
    yielded = []
    while True:
        try:
            yielded.append(next(steps))
        except StopIteration as end:
            return yielded, end.value
