"""Objects that are cut by tiles, as a detector would see them, come back whole and once."""

import itertools

import numpy as np
import pytest
from pycocotools import mask as mask_utils

from mmosis.search.tiling import keep_own, merge_tiles, plan_tiles
from mmosis.structures import FoundObjects, RLEMasks

SHAPE = (100, 160)
# Two tiles side by side that share the columns from 60 to 100.
LEFT, RIGHT = (0, 0, 100, 100), (60, 0, 160, 100)


def draw(x1: int, y1: int, x2: int, y2: int, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    mask = np.zeros(shape, dtype=bool)
    mask[y1:y2, x1:x2] = True
    return mask


def draw_disc(x: float, y: float, radius: float, shape: tuple[int, int]) -> np.ndarray:
    rows, columns = np.indices(shape)
    return np.hypot(rows - y, columns - x) <= radius


def find_box(mask: np.ndarray) -> list[float]:
    rows, columns = np.nonzero(mask)
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


def detect(masks: list[np.ndarray], tile: tuple[int, int, int, int], scores=None, labels=None) -> FoundObjects:
    """What a perfect detector finds in a tile: the visible part of each object."""
    x1, y1, x2, y2 = tile
    parts = np.array([mask[y1:y2, x1:x2] for mask in masks], dtype=bool).reshape(-1, y2 - y1, x2 - x1)
    boxes = np.array([find_box(part) for part in parts if part.any()], dtype=np.float32).reshape(-1, 4)
    seen = np.array([part.any() for part in parts], bool)
    found = FoundObjects(
        scores=np.array(scores if scores else [0.5] * len(parts), np.float32)[seen],
        labels=np.array(labels if labels else [0] * len(parts), int)[seen],
        bboxes=boxes,
        masks=RLEMasks.encode(parts[seen]),
    )
    return found


def without_masks(*results: FoundObjects) -> list[FoundObjects]:
    return [FoundObjects(bboxes=r.bboxes, scores=r.scores, labels=r.labels) for r in results]


def assert_objects(merged: FoundObjects, truth: list[np.ndarray]) -> None:
    """Each object is there once, with its exact mask and box, in any order."""
    expected = sorted((find_box(mask), mask.tobytes()) for mask in truth)
    found = [(box.tolist(), mask.tobytes()) for box, mask in zip(merged.bboxes, merged.masks.numpy(), strict=True)]
    # Compared outside of the assert, for pytest would print the masks.
    same = sorted(found) == expected
    assert same, f'found {[box for box, _ in found]}'


# Where the tiles lie.


@pytest.mark.parametrize(
    ('img_shape', 'tile', 'overlap', 'columns', 'rows'),
    [
        ((1000, 1000), 512, 0.25, [0, 244, 488], [0, 244, 488]),
        ((512, 1536), 512, 0.0, [0, 512, 1024], [0]),
        ((300, 513), 512, 0.0, [0, 1], [0]),
        ((190, 100), 100, 0.9, [0], list(range(0, 91, 10))),
        ((32, 34), 32, 1 - 1 / 32, [0, 1, 2], [0]),
    ],
)
def test_tiles_are_few_and_evenly_spread(img_shape, tile, overlap, columns, rows):
    tiles = plan_tiles(img_shape, tile, overlap)
    assert [(x, y) for x, y, _, _ in tiles] == [(x, y) for y in rows for x in columns]
    assert {(x2 - x1, y2 - y1) for x1, y1, x2, y2 in tiles} == {(min(tile, img_shape[1]), min(tile, img_shape[0]))}


@pytest.mark.parametrize('img_shape', [(100, 100), (64, 65), (257, 33), (1000, 1), (20, 999), (311, 1234)])
@pytest.mark.parametrize('tile', [32, 57, 64, 200])
@pytest.mark.parametrize('overlap', [0, 0.07, 0.25, 0.5, 0.9])
def test_tiles_cover_every_pixel_and_overlap_enough(img_shape, tile, overlap):
    tiles = plan_tiles(img_shape, tile, overlap)
    covered = np.zeros(img_shape, dtype=bool)
    for x1, y1, x2, y2 in tiles:
        assert all(isinstance(value, int) for value in (x1, y1, x2, y2))
        assert 0 <= x1 < x2 <= img_shape[1]
        assert 0 <= y1 < y2 <= img_shape[0]
        covered[y1:y2, x1:x2] = True
    assert covered.all()
    for starts in (sorted({tile[0] for tile in tiles}), sorted({tile[1] for tile in tiles})):
        steps = np.diff(starts)
        assert all(tile - step >= overlap * tile for step in steps)
        assert not len(steps) or steps.max() - steps.min() <= 1


@pytest.mark.parametrize('img_shape', [(512, 512), (20, 30), (512, 1)])
def test_an_image_that_fits_has_one_tile(img_shape):
    assert plan_tiles(img_shape, 512, 0.3) == [(0, 0, img_shape[1], img_shape[0])]


def test_a_tiny_tile_is_an_error():
    assert len(plan_tiles((64, 64), 32, 0)) == 4
    with pytest.raises(ValueError, match='at least 32 px a side, got 31'):
        plan_tiles((64, 64), 31, 0)


@pytest.mark.parametrize('overlap', [-0.1, 1, 1.5, 0.99, float('nan')])
def test_an_overlap_out_of_range_is_an_error(overlap):
    with pytest.raises(
        ValueError, match=f'from 0 to below 1, and leave a pixel to the next tile of 64 px, got {overlap}'
    ):
        plan_tiles((300, 300), 64, overlap)


# Cut objects.


def test_an_object_that_one_tile_sees_whole_and_the_next_cut_is_one():
    whole = draw(70, 10, 95, 30)
    beyond = draw(80, 50, 110, 80)
    # The pieces have the higher scores; the whole is better all the same.
    results = [detect([whole, beyond], LEFT, scores=[0.4, 0.9]), detect([whole, beyond], RIGHT, scores=[0.3, 0.8])]
    merged = merge_tiles(results, [LEFT, RIGHT], SHAPE)
    assert_objects(merged, [whole, beyond])
    assert merged.scores.tolist() == pytest.approx([0.8, 0.4])


def test_pieces_of_an_object_that_another_tile_sees_whole_are_not_joined():
    # The upper two tiles agree on what they see of it, which is not all.
    shape = (160, 160)
    tiles = plan_tiles(shape, 100, 0.4)
    whole = draw(50, 70, 95, 120, shape)
    scores = [0.9, 0.9, 0.4, 0.9]
    merged = merge_tiles([detect([whole], t, scores=[s]) for t, s in zip(tiles, scores, strict=True)], tiles, shape)
    assert_objects(merged, [whole])
    assert merged.scores.tolist() == pytest.approx([0.4])


def test_a_piece_that_is_mostly_outside_of_an_uncut_object_stays():
    # A quarter of the piece's rows and three quarters of its columns lie in the other object.
    piece, other = draw(60, 0, 100, 40), draw(70, 30, 120, 70)
    results = [detect([piece], LEFT), detect([other], RIGHT)]
    assert_objects(merge_tiles(results, [LEFT, RIGHT], SHAPE), [piece, other])
    assert len(merge_tiles(results, [LEFT, RIGHT], SHAPE, iou_thr=0.15)) == 1


def test_an_object_that_both_tiles_cut_is_joined():
    disc = draw_disc(80, 50, 45, SHAPE)
    results = [detect([disc], LEFT, scores=[0.6]), detect([disc], RIGHT, scores=[0.9])]
    merged = merge_tiles(results, [LEFT, RIGHT], SHAPE)
    assert_objects(merged, [disc])
    assert merged.scores.tolist() == pytest.approx([0.9])


def test_an_object_that_four_tiles_cut_is_joined():
    shape = (300, 300)
    tiles = plan_tiles(shape, 180, 1 / 3)
    assert len(tiles) == 4
    disc = draw_disc(150, 140, 110, shape)
    assert_objects(merge_tiles([detect([disc], tile) for tile in tiles], tiles, shape), [disc])


def test_an_object_larger_than_a_tile_is_joined():
    shape = (400, 400)
    tiles = plan_tiles(shape, 160, 0.25)
    disc = draw_disc(200, 190, 170, shape)
    assert_objects(merge_tiles([detect([disc], tile) for tile in tiles], tiles, shape), [disc])


def test_pieces_that_meet_in_no_common_tile_are_joined_by_those_between():
    shape = (60, 300)
    tiles = [(x, 0, x + 100, 60) for x in (0, 66, 133, 200)]
    bar = draw(10, 20, 290, 40, shape)
    assert_objects(merge_tiles([detect([bar], tile) for tile in tiles], tiles, shape), [bar])


def test_neighbouring_objects_that_both_tiles_cut_stay_two():
    truth = [draw(40, 10, 120, 30), draw(40, 30, 120, 50)]
    results = [detect(truth, LEFT), detect(truth, RIGHT)]
    assert_objects(merge_tiles(results, [LEFT, RIGHT], SHAPE), truth)
    boxes = merge_tiles(without_masks(*results), [LEFT, RIGHT], SHAPE).bboxes
    assert sorted(boxes.tolist()) == [[40, 10, 120, 30], [40, 30, 120, 50]]


def test_pieces_that_disagree_where_both_tiles_see_stay_apart():
    # Both are cut and their boxes overlap, but one tile sees one arm of a cross and the other the other arm.
    upper, lower = draw(20, 20, 160, 50), draw(0, 40, 140, 70)
    results = [detect([upper], LEFT), detect([lower], RIGHT)]
    truth = [upper & draw(*LEFT), lower & draw(*RIGHT)]
    assert_objects(merge_tiles(results, [LEFT, RIGHT], SHAPE), truth)
    # They share 10 rows of 50 there.
    assert len(merge_tiles(results, [LEFT, RIGHT], SHAPE, iou_thr=0.15)) == 1


def test_pieces_are_compared_only_where_both_tiles_see():
    # An object of 140 columns, of which the overlap shows 40: as wholes the pieces overlap by less than a half.
    bar = draw(10, 40, 150, 60)
    assert_objects(merge_tiles([detect([bar], LEFT), detect([bar], RIGHT)], [LEFT, RIGHT], SHAPE, iou_thr=0.9), [bar])


def test_a_wrong_piece_of_a_joined_object_is_dropped():
    # The third tile finds only a corner of what the first two see: no agreement, but it lies in their object.
    shape = (160, 160)
    tiles = [(0, 0, 100, 100), (60, 0, 160, 100), (0, 60, 100, 160)]
    bar = draw(10, 30, 150, 90, shape)
    corner = draw(20, 60, 50, 70, shape)
    results = [detect([bar], tiles[0]), detect([bar], tiles[1]), detect([corner], tiles[2])]
    assert_objects(merge_tiles(results, tiles, shape), [bar])


@pytest.mark.parametrize(('edge', 'count'), [(98, 1), (97, 2)])
def test_two_pixels_from_the_border_of_the_tile_is_cut(edge, count):
    # The left tile finds the first columns of an object that the right one finds up to its end.
    results = [detect([draw(70, 20, edge, 40)], LEFT), detect([draw(70, 20, 150, 40)], RIGHT)]
    assert len(merge_tiles(results, [LEFT, RIGHT], SHAPE)) == count


def turn(box: tuple[int, int, int, int], quarters: int) -> tuple[int, ...]:
    """Where a box lies when an image of 160 px is turned."""
    return tuple(int(value) for value in find_box(np.rot90(draw(*box, (160, 160)), quarters)))


@pytest.mark.parametrize('quarters', range(4))
def test_each_border_of_a_tile_cuts(quarters):
    tiles = [turn((0, 0, 100, 160), quarters), turn((60, 0, 160, 160), quarters)]
    piece, whole = (draw(*turn(box, quarters), (160, 160)) for box in ((70, 20, 100, 40), (70, 20, 150, 40)))
    results = [detect([piece], tiles[0]), detect([whole], tiles[1])]
    assert_objects(merge_tiles(results, tiles, (160, 160)), [whole])


@pytest.mark.parametrize('quarters', range(4))
def test_no_border_of_the_image_cuts(quarters):
    # The first object ends at the border of the image and lies mostly in the second.
    tiles = [turn((0, 0, 160, 160), quarters), turn((60, 0, 160, 160), quarters)]
    truth = [draw(*turn(box, quarters), (160, 160)) for box in ((145, 105, 160, 115), (120, 95, 155, 125))]
    results = [detect(truth[:1], tiles[0]), detect(truth[1:], tiles[1])]
    assert_objects(merge_tiles(results, tiles, (160, 160)), truth)


# Duplicates and what is none.


@pytest.mark.parametrize('masked', [True, False])
def test_of_duplicates_in_the_overlap_the_better_stays(masked):
    first, second = draw(70, 20, 90, 40), draw(71, 21, 91, 41)
    results = [detect([first], LEFT, scores=[0.6]), detect([second], RIGHT, scores=[0.8])]
    merged = merge_tiles(results if masked else without_masks(*results), [LEFT, RIGHT], SHAPE)
    assert merged.scores.tolist() == pytest.approx([0.8])
    assert merged.bboxes.tolist() == [[71, 21, 91, 41]]
    assert ('masks' in merged) == masked


def test_nms_is_greedy():
    """What a better one removed removes nothing itself."""
    shape, tiles = (100, 120), [(0, 0, 100, 100), (10, 0, 110, 100), (20, 0, 120, 100)]
    a, b, c = draw(40, 20, 60, 40, shape), draw(46, 20, 66, 40, shape), draw(52, 20, 72, 40, shape)
    results = [detect([m], t, scores=[s]) for m, t, s in zip((a, b, c), tiles, (0.9, 0.8, 0.7), strict=True)]
    assert_objects(merge_tiles(results, tiles, shape), [a, c])
    results[0].scores[:] = 0.1
    assert_objects(merge_tiles(results, tiles, shape), [b])


def test_what_a_tile_keeps_apart_stays_apart():
    # Boxes overlap by two thirds; the tile's own NMS let both pass. The next tile finds one of them again.
    truth = [draw(70, 20, 90, 40), draw(74, 20, 94, 40)]
    results = [detect(truth, LEFT, scores=[0.9, 0.8]), detect(truth[:1], RIGHT, scores=[0.7])]
    assert_objects(merge_tiles(results, [LEFT, RIGHT], SHAPE), truth)


@pytest.mark.parametrize('flipped', [False, True])
def test_what_a_tile_keeps_apart_stays_apart_when_one_is_joined(flipped):
    # A tile sees an object whole on a larger one, which the other tile cuts as well.
    large, small = draw(20, 10, 125, 60), draw(22, 12, 92, 58)
    tiles = [LEFT, RIGHT]
    if flipped:
        large, small, tiles = large[:, ::-1], small[:, ::-1], [RIGHT, LEFT]
    results = [detect([large, small], tiles[0], scores=[0.9, 0.8]), detect([large], tiles[1], scores=[0.7])]
    for order in (slice(None), slice(None, None, -1)):
        assert_objects(merge_tiles(results[order], tiles[order], SHAPE), [large, small])


def test_a_small_object_on_a_big_one_stays():
    big, small = draw(10, 10, 55, 90), draw(20, 20, 30, 30)
    results = [detect([big, small], LEFT), detect([], RIGHT)]
    assert_objects(merge_tiles(results, [LEFT, RIGHT], SHAPE), [big, small])


def test_a_small_object_on_a_big_one_that_is_joined_stays():
    big, small = draw(10, 10, 150, 90), draw(20, 20, 30, 30)
    results = [detect([big, small], LEFT), detect([big, small], RIGHT)]
    assert_objects(merge_tiles(results, [LEFT, RIGHT], SHAPE), [big, small])


@pytest.mark.parametrize(
    'truth',
    [
        [draw(70, 20, 90, 40), draw(70, 20, 90, 40)],  # duplicates
        [draw(50, 20, 100, 40), draw(50, 20, 140, 40)],  # a piece and most of the rest
        [draw(20, 20, 140, 40), draw(20, 20, 140, 40)],  # two pieces
    ],
)
def test_different_labels_stay(truth):
    for label, count in ((3, 1), (4, 2)):
        results = [detect(truth[:1], LEFT, labels=[3]), detect(truth[1:], RIGHT, labels=[label])]
        merged = merge_tiles(results, [LEFT, RIGHT], SHAPE)
        assert sorted(merged.labels.tolist()) == [3, 4][:count]


@pytest.mark.parametrize('label', [3, 4])
def test_what_another_tile_sees_whole_is_that_tiles_to_judge(label):
    """Also if it takes the object for something else, or for nothing."""
    piece, whole = draw(70, 20, 100, 40), draw(70, 20, 150, 40)
    for judged, labels in (([whole], [label]), ([], [])):
        results = [detect([piece], LEFT, scores=[0.9], labels=[3]), detect(judged, RIGHT, labels=labels)]
        assert merge_tiles(results, [LEFT, RIGHT], SHAPE).labels.tolist() == labels


def test_a_tile_keeps_what_may_matter_for_the_whole():
    """Uncut ones from the threshold up, and cut ones of any score that no other tile sees whole."""
    cut_here, cut_by_both, small = draw(70, 20, 110, 40), draw(30, 50, 120, 60), draw(10, 70, 20, 80)
    found = detect([cut_here, cut_by_both, small, small], LEFT, scores=[0.9, 0.1, 0.6, 0.4])
    kept = keep_own(found, LEFT, [LEFT, RIGHT], SHAPE, score_thr=0.5)
    assert kept.scores.tolist() == pytest.approx([0.1, 0.6])
    assert kept.bboxes.tolist() == [[30, 50, 100, 60], [10, 70, 20, 80]]


@pytest.mark.parametrize(
    ('scores', 'expected'),
    [
        ([0.8, 0.2], [[20, 20, 130, 50], [60, 20, 150, 44]]),
        ([0.2, 0.8], [[20, 20, 150, 50], [60, 20, 130, 50]]),
        # Of equally good pairs those that agree better.
        ([0.95, 0.9], [[20, 20, 130, 50], [60, 20, 150, 44]]),
    ],
)
def test_an_object_takes_one_piece_of_a_tile(scores, expected):
    """Both of the right tile agree with that of the left one, by 1 and by 0.8; the tile keeps them apart."""
    object_, other = draw(20, 20, 130, 50), draw(60, 20, 150, 44)
    left, right = detect([object_], LEFT, scores=[0.9]), detect([object_, other], RIGHT, scores=scores)
    for order in (slice(None), slice(None, None, -1)):
        merged = merge_tiles([left, right[order]], [LEFT, RIGHT], SHAPE)
        assert sorted(merged.bboxes.tolist()) == expected


@pytest.mark.parametrize(('score', 'count'), [(0.5, 1), (0.4, 2)])
@pytest.mark.parametrize('label', [0, 1])
def test_a_piece_lies_in_a_better_object(score, count, label):
    """What the third tile takes for an object lies in the joined one; another label counts where labels compete."""
    bar, piece = draw(10, 30, 150, 60), draw(40, 52, 140, 58)
    tiles = [LEFT, RIGHT, (30, 0, 130, 100)]
    results = [detect([bar], tile, scores=[score]) for tile in tiles[:2]]
    results.append(detect([piece], tiles[2], scores=[0.5], labels=[label]))
    assert len(merge_tiles(results, tiles, SHAPE, across_labels=True)) == count
    assert len(merge_tiles(results, tiles, SHAPE)) == (count if label == 0 else 2)


# What comes out.


def test_the_result_is_in_the_frame_of_the_image_by_falling_score():
    truth = [draw(5, 5, 20, 20), draw(110, 50, 130, 70), draw(30, 30, 50, 50)]
    results = [detect([truth[0], truth[2]], LEFT, scores=[0.3, 0.9], labels=[7, 5]), detect([truth[1]], RIGHT)]
    before = [result.bboxes.copy() for result in results]
    merged = merge_tiles(results, [LEFT, RIGHT], SHAPE)
    assert set(merged) == {'bboxes', 'scores', 'labels', 'masks'}
    assert merged.scores.tolist() == pytest.approx([0.9, 0.5, 0.3])
    assert merged.labels.tolist() == [5, 0, 7]
    assert merged.bboxes.tolist() == [[30, 30, 50, 50], [110, 50, 130, 70], [5, 5, 20, 20]]
    assert merged.masks.img_shape == SHAPE
    np.testing.assert_array_equal(merged.masks.numpy(), np.stack([truth[2], truth[1], truth[0]]))
    assert all(np.array_equal(result.bboxes, boxes) for result, boxes in zip(results, before, strict=True))


@pytest.mark.parametrize('masked', [True, False])
@pytest.mark.parametrize('tiles', [[LEFT], [LEFT, RIGHT]])
def test_nothing_found_is_nothing_merged(masked, tiles):
    results = [detect([], tile) for tile in tiles]
    merged = merge_tiles(results if masked else without_masks(*results), tiles, SHAPE)
    assert merged.bboxes.shape == (0, 4)
    assert len(merged.scores) == len(merged.labels) == 0
    assert ('masks' in merged) == masked
    if masked:
        assert merged.masks.numpy().shape == (0, *SHAPE)


def test_one_tile_is_the_image():
    shape = (60, 80)
    truth = [draw(0, 0, 80, 60, shape), draw(0, 10, 30, 60, shape)]
    assert_objects(merge_tiles([detect(truth, (0, 0, 80, 60))], [(0, 0, 80, 60)], shape), truth)


def test_boxes_alone_are_joined_and_dropped_as_masks_are():
    truth = [draw(20, 10, 140, 30), draw(70, 40, 110, 60), draw(5, 70, 25, 90)]
    results = without_masks(detect(truth, LEFT), detect(truth, RIGHT))
    boxes = merge_tiles(results, [LEFT, RIGHT], SHAPE).bboxes
    assert sorted(boxes.tolist()) == [[5, 70, 25, 90], [20, 10, 140, 30], [70, 40, 110, 60]]


def test_coarse_boxes_keep_their_pixel_in_a_large_image(monkeypatch):
    """Half precision counts by 16 px at 20,000; and nothing is decoded at the size of the image."""
    sizes, decode = [], mask_utils.decode
    monkeypatch.setattr(mask_utils, 'decode', lambda rle: sizes.append(tuple(rle['size'])) or decode(rle))
    shape, tiles = (20000, 20000), [(19741, 19741, 19941, 19941), (19800, 19741, 20000, 19941)]
    parts = [draw(51, 51, 200, 101, (200, 200)), draw(0, 51, 151, 101, (200, 200))]
    results = [detect([part], (0, 0, 200, 200)) for part in parts]
    results = [result.with_columns(bboxes=result.bboxes.astype(np.float16)) for result in results]
    merged = merge_tiles(results, tiles, shape)
    assert merged.bboxes.tolist() == [[19792, 19792, 19951, 19842]]
    assert mask_utils.area(merged.masks.rles).tolist() == [159 * 50]
    assert set(sizes) <= {(200, 200)}


def test_results_and_tiles_must_belong_together():
    left, right = detect([], LEFT), detect([], RIGHT)
    with pytest.raises(ValueError, match='got 1 for 2 tiles'):
        merge_tiles([left], [LEFT, RIGHT], SHAPE)
    with pytest.raises(ValueError, match='got 0 for 0 tiles'):
        merge_tiles([], [], SHAPE)
    with pytest.raises(ValueError, match='all results must have masks or none, got 1 of 2 with masks'):
        merge_tiles([left, *without_masks(right)], [LEFT, RIGHT], SHAPE)
    with pytest.raises(
        ValueError, match=r'masks must have the size of their tile, \(90, 100\) \(h x w\), got \(100, 100\)'
    ):
        merge_tiles([left], [(0, 0, 100, 90)], SHAPE)


def scatter_discs(count: int, radii: tuple[int, int], shape: tuple[int, int]) -> list[tuple[float, float, float]]:
    """Discs (x, y, radius) that do not touch and may lie partly outside, so that their visible part is an object."""
    rng = np.random.default_rng(4)
    discs: list[tuple[float, float, float]] = []
    while len(discs) < count:
        x, y, radius = rng.uniform((0, 0, radii[0]), (shape[1], shape[0], radii[1]))
        if all(np.hypot(x - x2, y - y2) > radius + radius2 + 2 for x2, y2, radius2 in discs):
            discs.append((x, y, radius))
    return discs


@pytest.mark.parametrize(('radii', 'overlap'), [((8, 150), 0.25), ((60, 330), 0.1)])
def test_random_discs_come_back_from_tiles(radii, overlap):
    shape = (1500, 2000)
    count = 30 if radii[1] < 200 else 12
    truth = [draw_disc(*disc, shape) for disc in scatter_discs(count, radii, shape)]
    tiles = plan_tiles(shape, 512, overlap)
    merged = merge_tiles([detect(truth, tile) for tile in tiles], tiles, shape)
    assert len(merged) == count
    ious = mask_utils.iou(merged.masks.rles, RLEMasks.encode(np.stack(truth)).rles, [False] * count)
    assert ious.max(axis=0).min() > 0.99
    assert ious.max(axis=1).min() > 0.99


def test_more_boxes_than_are_compared_at_once_lose_no_pair():
    """A thousand small objects, each seen by two tiles, in an order that is not that of their place."""
    shape = (400, 1100)
    tiles = [(0, 0, 1050, 400), (50, 0, 1100, 400)]
    places = list(itertools.product(range(60, 1030, 20), range(5, 390, 20)))
    order = np.random.default_rng(0).permutation(len(places))
    boxes = np.array([[*places[i], places[i][0] + 10, places[i][1] + 10] for i in order], np.float32)
    boxes = np.concatenate([boxes, np.array([[55, 2, 1045, 398]], np.float32)])  # a long one, over all of them
    results = [
        FoundObjects(bboxes=boxes - shift, scores=np.full(len(boxes), score), labels=np.zeros(len(boxes), int))
        for shift, score in ((0.0, 0.5), (np.array([50, 0, 50, 0], np.float32), 0.6))
    ]
    merged = merge_tiles(results, tiles, shape)
    assert sorted(merged.bboxes.tolist()) == sorted(boxes.tolist())
    assert (merged.scores == 0.6).all()
