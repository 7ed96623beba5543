"""Search large images in tiles: where the tiles lie, and how their results become one."""

from collections.abc import Sequence
from math import floor, prod

import numpy as np
from pycocotools import mask as mask_utils

from mmosis.structures import FoundObjects, RLEMasks
from mmosis.utils.fraction_of import fraction_of

from .nms import best_first, overlapping_pairs, suppressed

MIN_TILE = 32
BORDER = 2  # px: a box that comes this close to the border of a tile is cut by it

Tile = tuple[int, int, int, int]


def plan_tiles(img_shape: tuple[int, int], tile: int, overlap: float) -> list[Tile]:
    """Cover an image with overlapping tiles of one size, at even distances.

    Args:
        img_shape: (h, w) of the image.
        tile: Width and height of a tile, px, at least 32; a side of the image that is shorter bounds it.
        overlap: Fraction of a tile that neighbours have in common at least, 0 to below 1.

    Returns:
        list: xyxy of each tile, px, row by row. An image that fits in a tile has one.

    Raises:
        ValueError: If the tile is too small, or the overlap is out of range or leaves no pixel to the next tile.
    """
    height, width = img_shape
    rows, columns = (_starts(side, tile, overlap) for side in _checked(img_shape, tile, overlap))
    return [(x, y, x + min(tile, width), y + min(tile, height)) for y in rows for x in columns]


def count_tiles(img_shape: tuple[int, int], tile: int, overlap: float) -> int:
    """Number of tiles that :func:`plan_tiles` would give; it has the same arguments and errors."""
    return prod(1 + _num_steps(side, tile, overlap) for side in _checked(img_shape, tile, overlap))


def keep_own(
    found: FoundObjects, tile: Tile, tiles: Sequence[Tile], img_shape: tuple[int, int], score_thr: float = 0.0
) -> FoundObjects:
    """Keep of what was found in a tile that on which no other tile has the last word.

    A detection is cut if its box comes within 2 px of a border of its tile that is no border of the image. One whose
    box another tile would not cut is dropped, of whatever label and score: that tile sees all of it and what lies
    beside it, and what was found there counts.

    Args:
        found: Detections of the tile, as :func:`merge_tiles` takes them.
        tile: Where it lies.
        tiles: All of the image.
        img_shape: (h, w) of the image.
        score_thr: What scores less is dropped, if it is not cut and not the best of its label: it can win against
            nothing that scores more. A piece may be of an object that scores more.
    """
    bboxes = _in_image(found.bboxes, tile)
    cut = _is_cut(bboxes, tile, img_shape)
    kept = np.ones(len(found), bool)
    for other in tiles:
        if other != tile:
            kept &= ~cut | _is_cut(bboxes, other, img_shape)
    found, cut = found[kept], cut[kept]
    is_best = np.zeros(len(found), bool)
    for label in np.unique(found.labels[~cut]):
        of_label = np.flatnonzero(~cut & (found.labels == label))
        is_best[of_label[found.scores[of_label].argmax()]] = True
    return found[cut | (found.scores >= score_thr) | is_best]


def merge_tiles(
    results: Sequence[FoundObjects],
    tiles: Sequence[Tile],
    img_shape: tuple[int, int],
    iou_thr: float = 0.5,
    across_labels: bool = False,
) -> FoundObjects:
    """Merge what was found in the tiles of an image: each object once, and complete.

    See :func:`keep_own` for when a detection is cut. Detections of one label are merged in this order:

    1. Each tile keeps those on which it has the last word, see :func:`keep_own`.
    2. Cut ones of different tiles that agree where both tiles see are pieces of one object, one of each tile at most.
       Those of which both score high are joined first. Masks are united, boxes grow to their hull, the highest score
       stays. The object counts as uncut.
    3. A cut one that lies mostly in an uncut one of another tile, which scores no less, is dropped.
    4. Of detections of different tiles whose boxes overlap, the one with the highest score stays. What a tile keeps
       apart stays apart.

    Pieces can be joined only where tiles overlap. Without masks, boxes are compared instead.

    Args:
        results: For each tile the detections, in its own pixels: ``bboxes`` (N, 4) xyxy, ``scores`` (N,), ``labels``
            (N,) and ``masks``, :class:`~mmosis.structures.RLEMasks` at the size of the tile. All have masks or none.
        tiles: xyxy of each tile in the image, as :func:`plan_tiles` gives them.
        img_shape: (h, w) of the image.
        iou_thr: What "mostly", "agree" and "overlap" above mean, 0 to 1: the fraction must be higher.
        across_labels: Whether step 3 regards uncut ones of other labels too, as in NMS across categories.

    Returns:
        FoundObjects: ``bboxes`` (M, 4) xyxy, ``scores`` (M,), ``labels`` (M,) and, if the results have them, ``masks``
        in the frame of the image, by falling score.

    Raises:
        ValueError: If results and tiles do not belong together, or only some results have masks.
    """
    _check_results(results, tiles)
    placed = []
    for i, (result, tile) in enumerate(zip(results, tiles, strict=True)):
        own = keep_own(result, tile, tiles, img_shape)
        bboxes = _in_image(own.bboxes, tile)
        (view,) = _fill_boxes(np.array([tile]), img_shape)
        placed.append(
            FoundObjects(
                bboxes=bboxes,
                scores=own.scores,
                labels=own.labels,
                shapes=own.masks.paste(tile[:2], img_shape) if 'masks' in own else _fill_boxes(bboxes, img_shape),
                cut=_is_cut(bboxes, tile, img_shape),
                seen_by=np.full(len(own), frozenset([i])),
                views=np.full(len(own), view),
            )
        )
    found = _join_pieces(FoundObjects.cat(placed), iou_thr)
    found = _drop_covered(found, iou_thr, across_labels)
    found = drop_duplicates(found, iou_thr)
    merged = FoundObjects(bboxes=found.bboxes, scores=found.scores, labels=found.labels)
    return merged.with_columns(masks=found.shapes) if 'masks' in results[0] else merged


def drop_duplicates(found: FoundObjects, iou_thr: float) -> FoundObjects:
    """Greedy NMS between views of an image, for each label.

    Args:
        found: Detections with ``bboxes``, ``scores``, ``labels`` and ``seen_by``, an array of the sets of views that
            saw each. What one view saw stays.
        iou_thr: Boxes that overlap by more than this are of one object.

    Returns:
        FoundObjects: What stays, by falling score.
    """
    found = best_first(found)
    return _without(found, suppressed(_pairs(found, iou_thr)))


def _checked(img_shape: tuple[int, int], tile: int, overlap: float) -> tuple[int, int]:
    if tile < MIN_TILE:
        raise ValueError(f'a tile must have at least {MIN_TILE} px a side, got {tile}')
    if not 0 <= overlap <= 1 - 1 / tile:
        raise ValueError(
            f'overlap must be a fraction of the tile, from 0 to below 1, and leave a pixel to the next tile of {tile} '
            f'px, got {overlap}'
        )
    return img_shape


def _starts(side: int, tile: int, overlap: float) -> list[int]:
    span, steps = side - tile, _num_steps(side, tile, overlap)
    # Integers: rounded floats could lie a pixel farther apart than the stride.
    return [(i * span + steps // 2) // steps for i in range(steps + 1)] if steps else [0]


def _num_steps(side: int, tile: int, overlap: float) -> int:
    """Number of tiles that follow the first along a side."""
    stride = floor(fraction_of(1 - overlap, tile))
    return max(0, -(-(side - tile) // stride))


def _check_results(results: Sequence[FoundObjects], tiles: Sequence[Tile]) -> None:
    if not tiles or len(results) != len(tiles):
        raise ValueError(
            f'each tile needs its result, and there must be one, got {len(results)} for {len(tiles)} tiles'
        )
    masked = sum('masks' in result for result in results)
    if masked not in (0, len(results)):
        raise ValueError(f'all results must have masks or none, got {masked} of {len(results)} with masks')
    for result, (x1, y1, x2, y2) in zip(results, tiles, strict=True):
        if masked and tuple(result.masks.img_shape) != (y2 - y1, x2 - x1):
            raise ValueError(
                f'masks must have the size of their tile, {(y2 - y1, x2 - x1)} (h x w), got {result.masks.img_shape}'
            )


def _in_image(bboxes: np.ndarray, tile: Tile) -> np.ndarray:
    """Turn boxes in a tile into boxes in the image."""
    # Half precision cannot distinguish neighbouring pixels of a large image.
    return bboxes.astype(np.float32) + np.array(tile, np.float32)[[0, 1, 0, 1]]


def _fill_boxes(bboxes: np.ndarray, img_shape: tuple[int, int]) -> RLEMasks:
    boxes = np.concatenate([bboxes[:, :2], bboxes[:, 2:] - bboxes[:, :2]], axis=1).astype(np.float64)
    return RLEMasks(mask_utils.frPyObjects(boxes, *img_shape) if len(boxes) else [], img_shape)


def _is_cut(bboxes: np.ndarray, tile: Tile, img_shape: tuple[int, int]) -> np.ndarray:
    """Mask (N,) of boxes (N, 4) in the image that the borders of a tile cut, or that lie outside of it."""
    height, width = img_shape
    inside = np.array([tile[0] > 0, tile[1] > 0, tile[2] < width, tile[3] < height])
    distances = (bboxes - np.array(tile)) * np.array([1, 1, -1, -1])
    return ((distances <= BORDER) & inside).any(axis=1)


def _join_pieces(found: FoundObjects, iou_thr: float) -> FoundObjects:
    """Join cut detections that agree where the tiles of both see: step 2 of :func:`merge_tiles`."""
    cut, scores = found.cut.tolist(), found.scores.tolist()
    links = []
    for i, j in _pairs(found, 0):
        if cut[i] and cut[j]:
            # The parts of both in what the tiles of both see.
            parts = (
                mask_utils.merge([found.shapes[one], found.views[other]], intersect=True)
                for one, other in ((i, j), (j, i))
            )
            agreement = mask_utils.iou([next(parts)], [next(parts)], [False]).item()
            if agreement > iou_thr:
                links.append((-min(scores[i], scores[j]), -agreement, max(scores[i], scores[j]), i, j))
    pieces_of: dict[int, list[int]] = {}  # the pieces of the object that a piece is of
    for *_, i, j in sorted(links):
        pieces = sorted([*pieces_of.get(i, [i]), *pieces_of.get(j, [j])])
        tiles = [tile for piece in pieces for tile in found.seen_by[piece]]
        if len(set(tiles)) == len(tiles):
            pieces_of.update(dict.fromkeys(pieces, pieces))
    objects = []
    for _, rows in sorted({pieces[0]: pieces for pieces in pieces_of.values()}.items()):
        pieces = found[np.array(rows)]
        hull = np.concatenate((pieces.bboxes[:, :2].min(axis=0), pieces.bboxes[:, 2:].max(axis=0)))
        united = FoundObjects(
            bboxes=hull[None],
            scores=pieces.scores.max(keepdims=True),
            labels=pieces.labels[:1],
            shapes=RLEMasks([mask_utils.merge(pieces.shapes.rles)], pieces.shapes.img_shape),
            cut=np.array([False]),
            seen_by=np.full(1, frozenset().union(*pieces.seen_by)),
            views=pieces.views[:1],
        )
        objects.append(united)
    return FoundObjects.cat([_without(found, set(pieces_of)), *objects])


def _drop_covered(found: FoundObjects, iou_thr: float, across_labels: bool) -> FoundObjects:
    """Drop cut detections that lie mostly in an uncut one that scores no less: step 3 of :func:`merge_tiles`."""
    cut, scores = found.cut.tolist(), found.scores.tolist()
    covered = set()
    for pair in _pairs(found, 0, across_labels):
        piece, uncut = sorted(pair, key=lambda i: not cut[i])
        if cut[piece] and not cut[uncut] and scores[uncut] >= scores[piece]:
            # With a crowd, pycocotools divides by the area of the first alone.
            covered_part = mask_utils.iou([found.shapes[piece]], [found.shapes[uncut]], [True])
            if covered_part.item() > iou_thr:
                covered.add(piece)
    return _without(found, covered)


def _without(found: FoundObjects, dropped: set[int]) -> FoundObjects:
    return found[np.array([i not in dropped for i in range(len(found))], bool)]


def _pairs(found: FoundObjects, min_iou: float, across_labels: bool = False) -> list[tuple[int, int]]:
    """Detections, two by two, of one label that no tile saw both, with boxes that overlap by more than ``min_iou``."""
    labels, seen_by = found.labels.tolist(), found.seen_by
    return [
        (i, j)
        for i, j in overlapping_pairs(found.bboxes, min_iou)
        if (across_labels or labels[i] == labels[j]) and seen_by[i].isdisjoint(seen_by[j])
    ]
