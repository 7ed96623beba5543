"""What a search found as a COCO file."""

import json
from pathlib import Path

import numpy as np
import pytest
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO

from mmosis.search import describe_image, to_coco
from mmosis.structures import FoundObjects, RLEMasks

SHAPE = (40, 64)


def make_masks() -> dict[str, np.ndarray]:
    """Masks of several forms, in the frame SHAPE."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    masks = {name: np.zeros(SHAPE, bool) for name in ('block', 'small', 'pixel', 'line', 'steps', 'two', 'border')}
    masks['block'][5:20, 10:40] = True
    masks['small'][10:14, 10:14] = True
    masks['pixel'][30, 50] = True
    masks['line'][7, 3:60] = True
    masks['steps'][3:9, 2] = masks['steps'][8, 2:9] = masks['steps'][8:30, 8] = True
    masks['two'][2:6, 2:6] = masks['two'][20:30, 40:60] = True
    masks['border'][:, 60:] = masks['border'][36:] = True
    masks['disc'] = (rows - 20) ** 2 + (columns - 30) ** 2 < 15**2
    masks['all'] = np.ones(SHAPE, bool)
    return masks


MASKS = make_masks()


def found(masks: np.ndarray | None, scores: tuple = (), labels: tuple = ()) -> FoundObjects:
    """Detections with boxes around their masks, or all with one box."""
    num = len(scores)
    instances = FoundObjects(
        bboxes=np.tile(np.array([(1.004, 2, 11.5, 22.25)], np.float32), (num, 1)),
        scores=np.array(scores, np.float32),
        labels=np.array(labels, int),
    )
    return instances if masks is None else instances.with_columns(masks=RLEMasks.encode(masks))


def describe(name: str, polygons: bool) -> dict:
    (row,) = describe_image('a.jpg', SHAPE, found(MASKS[name][None], (0.9,), (0,)), 0.5, polygons)['found']
    return row


def open_coco(folder: Path, coco: dict) -> COCO:
    (folder / 'annotations.json').write_text(json.dumps(coco))
    return COCO(str(folder / 'annotations.json'))


class TestDescription:
    def test_known_answer(self) -> None:
        masks = np.stack([MASKS['block'], MASKS['pixel']])
        described = describe_image('a.jpg', SHAPE, found(masks, (0.87654321, 0.5), (1, 0)), 0.5)
        rows = described.pop('found')
        assert described == dict(file_name='a.jpg', height=40, width=64)
        assert [(row['label'], row['score'], row['area']) for row in rows] == [(1, 0.8765, 450.0), (0, 0.5, 1.0)]
        assert rows[0]['bbox'] == [1.0, 2.0, 10.5, 20.25]
        assert json.loads(json.dumps(rows)) == rows
        for row, mask in zip(rows, masks, strict=True):
            np.testing.assert_array_equal(mask_utils.decode(row['segmentation']), mask)

    def test_the_threshold_itself_is_kept(self) -> None:
        described = describe_image('a.jpg', SHAPE, found(None, (0.9, 0.7, 0.699), (0, 1, 2)), 0.7)
        assert [row['label'] for row in described['found']] == [0, 1]

    @pytest.mark.parametrize('polygons', [False, True])
    def test_boxes_without_masks(self, polygons: bool) -> None:
        (row,) = describe_image('a.jpg', SHAPE, found(None, (0.9,), (0,)), 0.5, polygons)['found']
        assert row == dict(label=0, score=0.9, bbox=[1.0, 2.0, 10.5, 20.25], area=212.62, segmentation=[])

    @pytest.mark.parametrize('masks', [np.zeros((0, *SHAPE), bool), None])
    def test_nothing_found(self, masks: np.ndarray | None) -> None:
        assert describe_image('a.jpg', SHAPE, found(masks), 0.5)['found'] == []


class TestPolygons:
    @pytest.mark.parametrize('name', MASKS)
    def test_they_decode_to_the_mask(self, name: str) -> None:
        row = describe(name, polygons=True)
        decoded = mask_utils.decode(mask_utils.merge(mask_utils.frPyObjects(row['segmentation'], *SHAPE))).astype(bool)
        assert (decoded & MASKS[name]).sum() / (decoded | MASKS[name]).sum() > 0.97
        assert row['area'] == MASKS[name].sum()
        for polygon in row['segmentation']:
            assert len(polygon) >= 6
            assert len(polygon) % 2 == 0

    def test_they_run_along_the_edges_of_pixels(self) -> None:
        (polygon,) = describe('small', polygons=True)['segmentation']
        assert {tuple(point) for point in np.reshape(polygon, (-1, 2))} == {(10, 10), (14, 10), (14, 14), (10, 14)}

    def test_each_part_has_one(self) -> None:
        assert len(describe('two', polygons=True)['segmentation']) == 2

    def test_a_hole_is_filled(self) -> None:
        mask = MASKS['block'].copy()
        mask[10:12, 20:22] = False
        (row,) = describe_image('a.jpg', SHAPE, found(mask[None], (0.9,), (0,)), 0.5, True)['found']
        assert row['segmentation'] == describe('block', polygons=True)['segmentation']

    def test_an_empty_mask(self) -> None:
        (row,) = describe_image('a.jpg', SHAPE, found(np.zeros((1, *SHAPE), bool), (0.9,), (0,)), 0.5, True)['found']
        assert (row['segmentation'], row['area']) == ([], 0.0)


class TestFile:
    @pytest.mark.parametrize('polygons', [False, True])
    def test_it_opens(self, tmp_path: Path, polygons: bool) -> None:
        block, disc, pixel = (MASKS[name] for name in ('block', 'disc', 'pixel'))
        records = [
            describe_image('deep/a.jpg', SHAPE, found(np.stack([block, disc]), (0.9, 0.8), (1, 0)), 0.5, polygons),
            describe_image('b.png', (10, 20), found(None), 0.5, polygons),
            describe_image('c.png', SHAPE, found(pixel[None], (0.7,), (1,)), 0.5, polygons),
        ]
        coco = open_coco(tmp_path, to_coco(iter(records), ['mug', 'Öl']))
        assert coco.dataset['images'] == [
            dict(id=1, file_name='deep/a.jpg', width=64, height=40),
            dict(id=2, file_name='b.png', width=20, height=10),
            dict(id=3, file_name='c.png', width=64, height=40),
        ]
        assert coco.dataset['categories'] == [
            dict(id=1, name='mug', supercategory=''),
            dict(id=2, name='Öl', supercategory=''),
        ]
        described = [(a['id'], a['image_id'], a['category_id'], a['iscrowd'], a['score']) for a in coco.anns.values()]
        assert described == [(1, 1, 2, 0, 0.9), (2, 1, 1, 0, 0.8), (3, 3, 2, 0, 0.7)]
        assert all('label' not in annotation for annotation in coco.anns.values())
        for annotation, mask in zip(coco.anns.values(), (block, disc, pixel), strict=True):
            np.testing.assert_array_equal(coco.annToMask(annotation), mask)
            assert annotation['area'] == mask.sum()

    def test_without_masks(self, tmp_path: Path) -> None:
        record = describe_image('a.jpg', SHAPE, found(None, (0.9,), (0,)), 0.5)
        coco = open_coco(tmp_path, to_coco([record], ['mug']))
        assert coco.anns[1]['segmentation'] == []

    def test_no_images(self, tmp_path: Path) -> None:
        coco = open_coco(tmp_path, to_coco([], ['mug']))
        assert (coco.imgs, coco.anns, list(coco.cats)) == ({}, {}, [1])

    def test_records_stay_as_they_are(self) -> None:
        record = describe_image('a.jpg', SHAPE, found(None, (0.9,), (0,)), 0.5)
        before = json.dumps(record)
        to_coco([record], ['mug'])
        assert json.dumps(record) == before
