"""A search in tiles finds what a search of the whole image finds, by a detector that knows the objects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from mmosis.search import SearchOptions, search_array
from mmosis.search.base import SearchBase
from mmosis.search.folders.folder_search import search_file
from mmosis.search.nms import box_iou
from mmosis.search.tiling import BORDER
from mmosis.search.view_search import View
from mmosis.structures import FoundObjects, RLEMasks

NUM_LABELS = 4
# Labels from 2 up are of negative references.
BANK = SimpleNamespace(names=['a', 'b'], sizes=lambda: [[]] * NUM_LABELS, boxed_on=lambda _: [])
SHAPE = (100, 160)
IMAGE = np.zeros((*SHAPE, 3), np.uint8)
TILE = dict(tile=100, overlap=0.25)  # the columns 0 to 100 and 60 to 160


@dataclass(frozen=True)
class Thing:
    """An object of the image.

    Attributes:
        mask: (H, W) bool.
        scores: What the detector gives it, by label.
        cut_scores: What it gives a part of it in a tile that cuts it; by default the same.
    """

    mask: np.ndarray
    scores: Mapping[int, float]
    cut_scores: Mapping[int, float] | None = None


class KnowingDetector(SearchBase):
    """Sees of each thing what a tile shows."""

    nms_iou_thr, regions, _encode_batch, _encode_image = 0.5, None, None, None

    def __init__(self, things: list[Thing], masked: bool = True, **tiles: object) -> None:
        self.things, self.masked, self.options = things, masked, SearchOptions(**tiles)
        self.read_settings({}, resizes=True)

    def check_bank(self, bank: object) -> None: ...

    def merge_references(self, bank: object) -> None: ...

    def _search_views(self, views: Sequence[View], images: Sequence[np.ndarray], queries: object) -> list[FoundObjects]:
        return [self.detect(view) for view in views]

    def detect(self, view: View) -> FoundObjects:
        x1, y1, x2, y2 = view.tile
        rows = []
        for thing in self.things:
            part = thing.mask[y1:y2, x1:x2]
            is_cut = part.sum() < thing.mask.sum()
            scores = thing.cut_scores if is_cut and thing.cut_scores is not None else thing.scores
            rows += [(part, box_of(part), label, score) for label, score in scores.items() if part.any()]
        parts = np.array([row[0] for row in rows], bool).reshape(len(rows), y2 - y1, x2 - x1)
        found = FoundObjects(
            bboxes=np.array([row[1] for row in rows], np.float32).reshape(-1, 4),
            labels=np.array([row[2] for row in rows], int),
            scores=np.array([row[3] for row in rows], np.float32),
        )
        return found.with_columns(masks=RLEMasks.encode(parts)) if self.masked else found


def box_of(mask: np.ndarray) -> list[int]:
    rows, columns = np.nonzero(mask)
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1] if len(rows) else [0, 0, 0, 0]


def draw(x1: int, y1: int, x2: int, y2: int) -> np.ndarray:
    mask = np.zeros(SHAPE, bool)
    mask[y1:y2, x1:x2] = True
    return mask


def tell(found: FoundObjects) -> list[tuple]:
    """What was found, to be compared in any order."""
    masks = [rle['counts'] for rle in found.masks] if 'masks' in found else [b''] * len(found)
    return sorted(zip(found.labels.tolist(), found.scores.tolist(), found.bboxes.tolist(), masks, strict=True))


def search_both(
    things: list[Thing],
    shape: tuple[int, int] = SHAPE,
    masked: bool = True,
    tiles: Mapping = TILE,
    **settings: object,
) -> tuple:
    """What is found in the whole image, and in tiles."""
    detectors = KnowingDetector(things, masked), KnowingDetector(things, masked, **tiles)
    image = np.zeros((*shape, 3), np.uint8)
    return tuple(tell(search_array(each, image, BANK, replace(each.options, **settings))) for each in detectors)


WHOLE = draw(80, 20, 150, 60)  # the right tile sees it whole, the left one cuts it
NARROW = draw(95, 20, 150, 60)  # so does it here, where little of it is left
WIDE = draw(10, 20, 150, 60)  # both cut it


@pytest.mark.parametrize('masked', [True, False])
@pytest.mark.parametrize(
    ('thing', 'expected'),
    [
        # The negative wins the whole, and loses the piece.
        (Thing(WHOLE, {0: 0.6, 2: 0.9}, {0: 0.8, 2: 0.3}), []),
        (Thing(NARROW, {0: 0.6, 2: 0.9}, {0: 0.8}), []),
        # The piece goes to another category than the whole.
        (Thing(WHOLE, {0: 0.9, 1: 0.6}, {0: 0.5, 1: 0.8}), [0.9]),
        (Thing(NARROW, {0: 0.9}, {1: 0.95}), [0.9]),
        # The whole scores too little for the threshold, or for any.
        (Thing(WHOLE, {0: 0.4}, {0: 0.9}), []),
        (Thing(WHOLE, {}, {0: 0.9}), []),
        # The whole, as it is seen, is nothing that is wanted.
        (Thing(NARROW, {2: 0.2}, {0: 0.9}), []),
        # Pieces that no tile sees whole.
        (Thing(WIDE, {0: 0.6, 2: 0.9}), []),
        (Thing(WIDE, {0: 0.6, 1: 0.4, 2: 0.3}), [0.6]),
    ],
)
def test_a_cut_object_is_settled_as_a_whole(thing: Thing, expected: list[float], masked: bool) -> None:
    whole, tiled = search_both([thing], masked=masked)
    assert [row[1] for row in whole] == pytest.approx(expected)
    assert tiled == whole


@pytest.mark.parametrize(
    ('scores', 'cut_scores', 'best'),
    [({0: 0.4}, {0: 0.9}, 0.4), ({0: 0.8, 2: 0.9}, {0: 0.3}, 0.0), ({0: 0.2, 1: 0.3}, None, 0.3), ({}, {0: 0.9}, 0.0)],
)
def test_where_nothing_is_found_the_best_score_is_that_of_the_whole(
    scores: dict, cut_scores: dict | None, best: float, tmp_path: Path
) -> None:
    cv2.imwrite(str(tmp_path / 'image.png'), np.zeros((*SHAPE, 3), np.uint8))
    for tiles in ({}, TILE):
        detector = KnowingDetector([Thing(WHOLE, scores, cut_scores)], **tiles)
        record = search_file(
            detector, str(tmp_path / 'image.png'), 'image', BANK, tmp_path, replace(detector.options, overlays=False)
        )
        assert record['found'] == []
        assert record['best_score'] == pytest.approx(best)


def test_a_piece_below_the_threshold_completes_an_object() -> None:
    """Of a large object the left tile finds little, the right one enough."""
    detector = KnowingDetector([Thing(WIDE, {0: 0.6})], **TILE)
    detect = detector.detect
    by_tile = {0: 0.3, 60: 0.6}

    def weaker(view: View) -> FoundObjects:
        found = detect(view)
        return found.with_columns(scores=np.full(len(found), by_tile[view.tile[0]], np.float32))

    detector.detect = weaker
    found = search_array(detector, IMAGE, BANK, detector.options)
    assert found.bboxes.tolist() == [box_of(WIDE)]
    assert found.scores.tolist() == pytest.approx([0.6])


@pytest.mark.parametrize(('keep_all', 'expected'), [(False, [(0, 0.9)]), (True, [(0, 0.9), (1, 0.6)])])
def test_a_piece_of_another_category_lies_in_the_joined_object(keep_all: bool, expected: list) -> None:
    """The right tile alone takes it for another category as well."""
    detector = KnowingDetector([Thing(WIDE, {0: 0.9, 1: 0.6})], **TILE)
    detect = detector.detect
    detector.detect = lambda view: detect(view)[: 2 if view.tile[0] else 1]
    found = search_array(detector, IMAGE, BANK, replace(detector.options, keep_all=keep_all))
    assert sorted(zip(found.labels.tolist(), found.scores.tolist(), strict=True)) == [
        (label, pytest.approx(score)) for label, score in expected
    ]


def make_things(
    rng: np.random.Generator, shape: tuple[int, int], overlap: int, longest: int, masked: bool
) -> list[Thing]:
    """Objects at random places, of sizes up to the longest, many of them at the borders; without masks rectangles."""
    things: list[Thing] = []
    boxes = np.zeros((0, 4))
    for _ in range(14):
        size = np.exp(rng.uniform(np.log(4), np.log(longest), 2))
        start = rng.uniform(-size / 2, np.array(shape[::-1]) - size / 2)
        mask = _draw_shape(rng, start, size, shape, 3 if masked else 1)
        box = np.array([box_of(mask)], float)
        # As a detector would: no two objects of one place.
        if mask.sum() < 9 or (box_iou(box, boxes) > 0.5).any():
            continue
        boxes = np.concatenate([boxes, box])
        labels = rng.permutation(4)[: rng.integers(1, 5)].tolist()
        things.append(Thing(mask, *_make_scores(rng, labels, fits=max(box[0, 2:] - box[0, :2]) < overlap - 2 * BORDER)))
    return things


def _draw_shape(
    rng: np.random.Generator, start: np.ndarray, size: np.ndarray, shape: tuple[int, int], num_shapes: int
) -> np.ndarray:
    """A rectangle, an ellipse or a cross: (H, W) bool."""
    y, x = np.indices(shape)
    u, v = ((2 * (axis - low) / length - 1) for axis, low, length in zip((x, y), start, size, strict=True))
    inside = (np.abs(u) < 1) & (np.abs(v) < 1)
    shapes = [np.ones(shape, bool), u**2 + v**2 < 1, (np.abs(u) < 0.4) | (np.abs(v) < 0.4)]
    return inside & shapes[rng.integers(num_shapes)]


def _make_scores(rng: np.random.Generator, labels: list[int], fits: bool) -> tuple[dict, dict | None]:
    """Scores by label; those of pieces are others where some tile sees the whole, and some labels are not found."""
    scores = dict(zip(labels, rng.uniform(0, 1, len(labels)).tolist(), strict=True))
    pieces = {label: rng.uniform(0, 1) for label in range(4) if rng.random() < 0.7}
    return scores, pieces if fits else None


@pytest.mark.parametrize('keep_all', [False, True])
@pytest.mark.parametrize('masked', [True, False])
def test_tiles_find_what_the_whole_image_gives(masked: bool, keep_all: bool) -> None:
    num_found = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        shape = tuple(rng.integers(90, 420, 2).tolist())
        tiles = dict(tile=int(rng.integers(80, 200)), overlap=float(rng.uniform(0.15, 0.6)))
        things = make_things(rng, shape, int(tiles['tile'] * tiles['overlap']), 2 * tiles['tile'], masked)
        score_thr = float(rng.choice([0.0, 0.3, 0.5]))
        whole, tiled = search_both(things, shape, masked, tiles, score_thr=score_thr, keep_all=keep_all)
        assert tiled == whole, f'seed {seed}'
        num_found += len(whole)
    assert num_found > 100
