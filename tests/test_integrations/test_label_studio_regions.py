"""Regions of Label Studio, out and in."""

import numpy as np
import pytest

from mmosis.integrations.brush_rle import decode_brush, encode_brush
from mmosis.integrations.label_studio_config import Control
from mmosis.integrations.label_studio_regions import read_region, write_regions
from mmosis.structures import FoundObjects, RLEMasks

SHAPE = (100, 200)  # h, w
MASK = np.zeros(SHAPE, bool)
MASK[20:40, 20:60] = True
FOUND = FoundObjects(
    bboxes=np.array([[20, 20, 60, 40.5]], np.float32), scores=np.array([0.87654]), masks=RLEMasks.encode(MASK[None])
)


def control(type_: str) -> Control:
    return Control('tag', 'photo', type_, ('mug',), 'image', None)


def test_rectangle_is_in_percent() -> None:
    (region,) = write_regions(FOUND, 0, 'mug', control('rectanglelabels'))
    assert len(region.pop('id')) == 10
    assert region == dict(
        from_name='tag', to_name='photo', type='rectanglelabels', original_width=200, original_height=100,
        image_rotation=0, score=0.8765,
        value=dict(x=10, y=20, width=20, height=20.5, rotation=0, rectanglelabels=['mug']),
    )  # fmt: skip


def test_polygon_is_in_percent() -> None:
    (region,) = write_regions(FOUND, 0, 'mug', control('polygonlabels'))
    assert region['value']['polygonlabels'] == ['mug']
    assert region['value']['closed'] is True
    assert sorted(region['value']['points']) == [[10, 20], [10, 40], [30, 20], [30, 40]]


def test_each_part_is_a_polygon() -> None:
    mask = MASK.copy()
    mask[60:70, 100:110] = True
    found = FOUND.with_columns(masks=RLEMasks.encode(mask[None]))
    regions = write_regions(found, 0, 'mug', control('polygonlabels'))
    assert len({region['id'] for region in regions}) == 2


def test_brush_is_run_lengths() -> None:
    (region,) = write_regions(FOUND, 0, 'mug', control('brushlabels'))
    assert region['value']['format'] == 'rle'
    assert np.array_equal(decode_brush(region['value']['rle'], SHAPE), MASK)


def region(type_: str, label: str = 'mug', **value) -> dict:
    return dict(type=type_, value=value | {type_: [label]}, original_width=200, original_height=100)


@pytest.mark.parametrize('type_', ['rectanglelabels', 'polygonlabels', 'brushlabels'])
def test_what_is_written_is_read(type_: str) -> None:
    (written,) = write_regions(FOUND, 0, 'mug', control(type_))
    read = read_region(written, SHAPE)
    assert (read.label, read.positive, read.point) == ('mug', True, None)
    assert read.box == pytest.approx((20, 20, 60, 40.5 if type_ == 'rectanglelabels' else 40))
    assert read.area == pytest.approx(820 if type_ == 'rectanglelabels' else 800)


def test_rotated_rectangle_becomes_the_box_around_it() -> None:
    """A quarter turn around the upper left corner: what was wide to the right is high, on the left of the corner."""
    read = read_region(region('rectanglelabels', x=50, y=10, width=20, height=10, rotation=90), SHAPE)
    assert read.bbox == (90, 10, 100, 50)
    read = read_region(region('rectanglelabels', x=50, y=10, width=10, height=20, rotation=45), SHAPE)
    root = 20 / np.sqrt(2)
    assert read.bbox == pytest.approx((100 - root, 10, 100 + root, 10 + 2 * root))


def test_what_reaches_out_is_cut_off() -> None:
    read = read_region(region('rectanglelabels', x=-5, y=90, width=20, height=20), SHAPE)
    assert read.bbox == (0, 90, 30, 100)


def test_key_points_say_whether_they_are_meant() -> None:
    points = [region('keypointlabels', x=10, y=20, width=1) | extra for extra in ({}, dict(is_positive=0))]
    read = [read_region(each, SHAPE) for each in points]
    assert [(each.point, each.positive) for each in read] == [((20, 20), True), ((20, 20), False)]


@pytest.mark.parametrize(
    'other',
    [
        None, 'text', {}, dict(type='choices', value=dict(choices=['yes'])), dict(type=['x'], value={}),
        dict(type='rectanglelabels', value=dict(x=1)), dict(type='rectanglelabels', value=dict(rectanglelabels=[])),
        dict(type='rectanglelabels', value=dict(rectanglelabels=[' '])), dict(type='relation'),
    ],
)  # fmt: skip
def test_what_shows_no_object_is_no_region(other: object) -> None:
    assert read_region(other, SHAPE) is None


@pytest.mark.parametrize(
    ('broken', 'message'),
    [
        (region('rectanglelabels', x=1, y=2, width='3', height=4), 'has numbers x, y, width, height in percent'),
        (region('rectanglelabels', x=1, y=2, width=float('nan'), height=4), 'has numbers'),
        (region('rectanglelabels', x=1, y=2, width=3, height=4, rotation=None), 'has numbers rotation'),
        (region('polygonlabels', points=[[1, 2], [3, 4]]), 'a list of three points or more'),
        (region('polygonlabels', points=[[1, 2], [3, 4], 5]), 'has numbers 0, 1 in percent'),
        (region('keypointlabels', x=1), 'has numbers x, y'),
        (region('brushlabels', rle=[1]), 'is cut off'),
        (region('rectanglelabels', x=1, y=2, width=3, height=4) | dict(image_rotation=90), 'turn it back'),
    ],
)
def test_broken_regions_are_refused(broken: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_region(broken, SHAPE)


def test_empty_brush_has_no_area() -> None:
    rle = encode_brush(RLEMasks.encode(np.zeros((1, *SHAPE), bool)), 0)
    assert read_region(region('brushlabels', rle=rle), SHAPE).area == 0
