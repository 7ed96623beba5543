"""Masks of what is found, compared by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from episode_results import MUG, Box, answer, ask, make_truth
from pycocotools import mask as mask_utils
from random_sets import HEIGHT, WIDTH

from analysis.mask_overlaps import overlaps_of_found
from mmosis.evaluation import Detections, Dump

FIRST, SECOND, FAR = (10, 10, 40, 40), (60, 10, 40, 40), (150, 20, 30, 30)
HALF, QUARTER = (10, 10, 40, 20), (60, 10, 20, 20)
THR = 0.5


def find(*rows: tuple[Box, float, Box]) -> Detections:
    """Detections of image 1: box, score, and the rectangle that is its mask."""
    return replace(answer(*((1, MUG, box, score) for box, score, _ in rows)), masks=[fill(mask) for *_, mask in rows])


def fill(box: Box) -> dict:
    x, y, width, height = box
    mask = np.zeros((HEIGHT, WIDTH), np.uint8, order='F')
    mask[y : y + height, x : x + width] = 1
    return mask_utils.encode(mask)


def test_masks_are_compared_with_those_of_the_objects_that_are_found() -> None:
    """One is half, one is complete; a wrong detection and one below the threshold do not count."""
    coco = make_truth({1: [(MUG, FIRST), (MUG, SECOND)]})
    found = find((FIRST, 0.9, HALF), (FAR, 0.8, FAR), (SECOND, 0.7, SECOND), (SECOND, 0.4, QUARTER))
    overlaps = overlaps_of_found(Dump({}, [ask(1, MUG)], [found]), coco, THR)
    assert overlaps.ious.tolist() == pytest.approx([0.5, 1])
    assert overlaps.boundary_ious[1] == 1
    assert 0 < overlaps.boundary_ious[0] < 0.5


def test_the_boxed_object_is_skipped() -> None:
    coco = make_truth({1: [(MUG, FIRST), (MUG, SECOND)]})
    found = find((FIRST, 0.9, HALF), (SECOND, 0.7, QUARTER))
    assert overlaps_of_found(Dump(dict(boxed=True), [ask(1, MUG)], [found]), coco, THR).ious.tolist() == [0.25]


def test_objects_without_a_mask_are_skipped() -> None:
    coco = make_truth({1: [(MUG, FIRST), (MUG, SECOND)]})
    del coco.anns[1]['segmentation']
    found = find((FIRST, 0.9, HALF), (SECOND, 0.7, QUARTER))
    assert overlaps_of_found(Dump({}, [ask(1, MUG)], [found]), coco, THR).ious.tolist() == [0.25]


@pytest.mark.parametrize('masks', [True, False])
def test_a_dump_joins_its_runs(masks: bool, tmp_path: Path) -> None:
    """It is written and read: masks come as text then."""
    coco = make_truth({1: [(MUG, FIRST), (MUG, SECOND)]})
    runs = [find((FIRST, 0.9, HALF)), find((SECOND, 0.7, QUARTER))]
    runs = runs if masks else [replace(run, masks=None) for run in runs]
    Dump({}, [ask(1, MUG), ask(1, MUG, run=1)], runs).save(tmp_path / 'dump')
    assert overlaps_of_found(Dump.load(tmp_path / 'dump'), coco, THR).ious.tolist() == ([0.5, 0.25] if masks else [])
