"""Regions of Label Studio: what was found as regions, and regions as references."""

from collections.abc import Callable, Sequence
from math import cos, isfinite, radians, sin
from numbers import Real
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np

from mmosis.search.exports import simplify
from mmosis.search.references import Box
from mmosis.structures import FoundObjects
from mmosis.utils.masks import mask_box

from .brush_rle import decode_brush, encode_brush
from .label_studio_config import Control

TOLERANCE = 1.0  # pixels by which a polygon may differ from its mask


class DrawnRegion(NamedTuple):
    """A region that a user has drawn, in pixels of the image.

    Attributes:
        label: Its name.
        bbox: xyxy, of a rectangle.
        mask: Polygons, or (H, W) bool, of a polygon or a brush.
        point: (x, y) of a key point.
        positive: Whether it is on what is meant.
    """

    label: str
    bbox: Box | None = None
    mask: list | np.ndarray | None = None
    point: tuple[float, float] | None = None
    positive: bool = True

    @property
    def box(self) -> Box:
        """Its box, or that of its mask; without an area if that is empty."""
        if self.bbox is not None:
            return self.bbox
        if isinstance(self.mask, list):
            points = np.array(self.mask[0]).reshape(-1, 2)
            return (*points.min(axis=0).tolist(), *points.max(axis=0).tolist())
        return mask_box(self.mask)

    @property
    def area(self) -> float:
        """Of its box, in pixels."""
        x1, y1, x2, y2 = self.box
        return float((x2 - x1) * (y2 - y1))


def write_regions(found: FoundObjects, row: int, label: str, control: Control) -> list[dict]:
    """Describe an object, which has a mask, by regions of a tag: one, or a polygon for each part of it."""
    height, width = found.masks.img_shape
    if control.type == 'brushlabels':
        values = [dict(format='rle', rle=encode_brush(found.masks, row))]
    elif control.type == 'polygonlabels':
        values = [_percent_polygon(polygon, width, height) for polygon in simplify(found.masks[row], TOLERANCE)]
    else:
        x1, y1, x2, y2 = found.bboxes[row].clip(0, (width, height, width, height)).tolist()
        scaled = dict(x=x1 / width, y=y1 / height, width=(x2 - x1) / width, height=(y2 - y1) / height)
        values = [{key: 100 * value for key, value in scaled.items()} | dict(rotation=0)]
    return [
        dict(
            id=uuid4().hex[:10],
            from_name=control.name,
            to_name=control.to_name,
            type=control.type,
            original_width=width,
            original_height=height,
            image_rotation=0,
            score=round(float(found.scores[row]), 4),
            value=value | {control.type: [label]},
        )
        for value in values
    ]


def _percent_polygon(polygon: Sequence[float], width: int, height: int) -> dict:
    points = np.array(polygon).reshape(-1, 2) * (100 / width, 100 / height)
    return dict(points=points.tolist(), closed=True)


def read_region(region: Any, img_shape: tuple[int, int]) -> DrawnRegion | None:
    """Read a region that a user has drawn.

    Args:
        region: Of an annotation, or of the context of an interactive prediction.
        img_shape: (H, W) of the image.

    Returns:
        DrawnRegion: None if it has no label, or is of a type that shows no object.

    Raises:
        ValueError: If it has not the numbers of its type.
    """
    label = find_label(region)
    if label is None:
        return None
    if region.get('image_rotation') not in (None, 0):
        raise ValueError('regions of an image that is turned in Label Studio are not read; turn it back')
    place = READERS[region['type']](region['value'], img_shape)
    return DrawnRegion(label, **place, positive=region.get('is_positive') not in (0, False))


def find_label(region: Any) -> str | None:
    """Find the label of a region; None if it has none, or is of a type that shows no object."""
    value = region.get('value') if isinstance(region, dict) else None
    if not isinstance(value, dict) or region.get('type') not in list(READERS):
        return None
    labels = value.get(region['type'])
    named = isinstance(labels, list) and len(labels) > 0 and isinstance(labels[0], str) and labels[0].strip()
    return labels[0] if named else None


def _read_rectangle(value: dict, img_shape: tuple[int, int]) -> dict:
    """Box of a rectangle; of a rotated one, around its upper left corner, the upright box around it."""
    height, width = img_shape
    x, y, w, h = _numbers(value, ('x', 'y', 'width', 'height'))
    (angle,) = _numbers(dict(rotation=0) | value, ('rotation',))
    right = np.array([cos(radians(angle)), sin(radians(angle))]) * w * width / 100
    down = np.array([-sin(radians(angle)), cos(radians(angle))]) * h * height / 100
    corner = np.array([x * width / 100, y * height / 100])
    corners = np.clip(np.round([corner, corner + right, corner + down, corner + right + down], 6), 0, (width, height))
    return dict(bbox=(*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist()))


def _read_polygon(value: dict, img_shape: tuple[int, int]) -> dict:
    (height, width), points = img_shape, value.get('points')
    if not isinstance(points, list) or len(points) < 3:
        raise ValueError('a polygon has a list of three points or more')
    rows = [_numbers(dict(enumerate(point)) if isinstance(point, list) else {}, (0, 1)) for point in points]
    pixels = np.clip(np.array(rows) * (width / 100, height / 100), 0, (width, height))
    return dict(mask=[pixels.ravel().tolist()])


def _read_brush(value: dict, img_shape: tuple[int, int]) -> dict:
    return dict(mask=decode_brush(value.get('rle'), img_shape))


def _read_key_point(value: dict, img_shape: tuple[int, int]) -> dict:
    x, y = _numbers(value, ('x', 'y'))
    return dict(point=(x * img_shape[1] / 100, y * img_shape[0] / 100))


def _numbers(value: dict, keys: Sequence) -> list[float]:
    numbers = [value.get(key) for key in keys]
    if not all(isinstance(number, Real) and isfinite(number) for number in numbers):
        raise ValueError(f'a region has numbers {", ".join(map(str, keys))} in percent, got {str(numbers)[:100]}')
    return [float(number) for number in numbers]


READERS: dict[str, Callable[[dict, tuple[int, int]], dict]] = dict(
    rectanglelabels=_read_rectangle,
    polygonlabels=_read_polygon,
    brushlabels=_read_brush,
    keypointlabels=_read_key_point,
)
