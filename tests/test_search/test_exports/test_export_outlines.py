"""Outlines of masks: traced, and simplified to a tolerance."""

import numpy as np
import pytest
from pycocotools import mask as mask_utils
from test_coco_export import MASKS, SHAPE

from mmosis.search.exports import simplify
from mmosis.search.exports.outlines import as_tolerance


def disc(diameter: float, centre: tuple[float, float] = (40, 40)) -> np.ndarray:
    rows, columns = np.mgrid[:80, :80] + 0.5
    return (rows - centre[1]) ** 2 + (columns - centre[0]) ** 2 < (diameter / 2) ** 2


def iou(polygons: list, mask: np.ndarray) -> float:
    rle = mask_utils.merge(mask_utils.frPyObjects(polygons, *mask.shape))
    decoded = mask_utils.decode(rle).astype(bool)
    return (decoded & mask).sum() / (decoded | mask).sum()


@pytest.mark.parametrize('name', MASKS)
def test_masks_rle_and_text_are_traced_alike(name: str) -> None:
    rle = mask_utils.encode(np.asfortranarray(MASKS[name].astype(np.uint8)))
    traced = simplify(MASKS[name])
    assert traced == simplify(rle) == simplify(dict(rle, counts=rle['counts'].decode()))
    assert traced == simplify(traced)


@pytest.mark.parametrize('tolerance', [1, 1.5, 3])
@pytest.mark.parametrize('centre', [(40, 40), (40.5, 39.7), (2, 5)])
def test_a_coin_has_few_points_that_are_near_its_edge(tolerance: float, centre: tuple[float, float]) -> None:
    mask = disc(35, centre)
    (polygon,) = simplify(mask, tolerance)
    (full,) = simplify(mask)
    assert len(polygon) // 2 <= 30 < len(full) // 2
    assert iou([polygon], mask) > {1: 0.95, 1.5: 0.9, 3: 0.8}[tolerance]


@pytest.mark.parametrize('name', MASKS)
@pytest.mark.parametrize('tolerance', [0.3, 1.5, 5, 1000])
def test_every_part_keeps_an_area(name: str, tolerance: float) -> None:
    polygons = simplify(MASKS[name], tolerance)
    assert len(polygons) == len(simplify(MASKS[name]))
    for polygon in polygons:
        assert len(polygon) >= 6
        assert mask_utils.area(mask_utils.frPyObjects([polygon], *SHAPE)).sum() > 0


def test_polygons_are_simplified() -> None:
    assert simplify([[0, 0, 5, 0.1, 10, 0, 10, 10, 0, 10]], 1) == [[0, 0, 10, 0, 10, 10, 0, 10]]


def test_an_empty_mask_has_no_polygon() -> None:
    empty = np.zeros(SHAPE, bool)
    assert simplify(empty, 1.5) == simplify(mask_utils.encode(np.asfortranarray(empty.astype(np.uint8)))) == []


@pytest.mark.parametrize(
    ('polygons', 'tolerance'), [(None, None), (False, None), (True, 0), (0, 0), (2, 2), (1.5, 1.5)]
)
def test_tolerance(polygons: bool | float | None, tolerance: float | None) -> None:
    assert as_tolerance(polygons) == tolerance


@pytest.mark.parametrize('polygons', [-1, float('nan'), float('inf')])
def test_what_is_no_tolerance(polygons: float) -> None:
    with pytest.raises(ValueError, match='the tolerance of polygons must be 0 pixels or more, got'):
        as_tolerance(polygons)


def test_a_text_is_no_tolerance() -> None:
    with pytest.raises(TypeError, match="the tolerance of polygons must be a number of pixels, got '1'"):
        as_tolerance('1')
