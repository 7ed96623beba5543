"""Searches of many images: what they write, and what stops them."""

import errno
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from folder_results import NAMES, QUICK, SETTINGS, file_names, names_in, read, run_through
from pycocotools.coco import COCO
from search_model import CONFIG, write_weights

from mmosis.search import OneShotInferencer, ReferenceBank, SearchOptions, search_array, search_images
from mmosis.search.folders import parquet
from mmosis.search.folders.search_journal import SearchJournal
from mmosis.search.nms import box_iou


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
