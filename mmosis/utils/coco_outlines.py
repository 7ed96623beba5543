"""Outlines of objects as annotation files have them: polygons and run lengths, checked before anything decodes them."""

from collections.abc import Mapping
from numbers import Real
from typing import Annotated, Any, TypedDict

import msgspec
import numpy as np
from msgspec import Meta
from pycocotools import mask as mask_utils

LIMIT = 2**17  # of coordinates, twice the largest side of an image; pycocotools allocates by the length of an outline
MAX_PIXELS = 2**28  # of an image: 16,384 x 16,384, of which a mask takes 256 MiB
MAX_LENGTH = 2**24  # pixels along a polygon; pycocotools takes 40 bytes for each of them

Coordinate = Annotated[float, Meta(ge=-LIMIT, le=LIMIT)]


class RunLengths(TypedDict):
    """RLE: run lengths down the columns, zeros first, as a list or as pycocotools compresses them."""

    size: Annotated[list[int], Meta(min_length=2, max_length=2)]
    counts: str | list[Annotated[int, Meta(ge=0, le=MAX_PIXELS)]]


# As COCO has them, and with what tools make of polygons: without the outer list, or of points.
Outline = list[list[Coordinate]] | RunLengths | None
LooseOutline = list[Coordinate | list[Coordinate | list[Coordinate]]] | RunLengths | None

EXPECTED = 'an object must have a mask, polygons of at least three points or RLE'

# What pycocotools' text of run lengths is made of: 5 bits a character, from the lowest up, and one that says that more
# follow. 7 characters hold any number up to MAX_PIXELS.
FIRST_CHARACTER, MORE, SIGN, BITS, MAX_CHARACTERS = 48, 32, 16, 5, 7


def read_outline(outline: Any, img_shape: tuple[int, int]) -> list | dict | None:
    """Check an outline of any form, and bring it into COCO's.

    Args:
        outline: COCO polygons, also a flat one or one of points (:func:`list_polygons`), RLE (compressed or not), or
            None. Numbers may be text.
        img_shape: (H, W) of its image.

    Returns:
        list | dict | None: Polygons of at least three points, smaller ones skipped as in mmdet; RLE; None if there
        is no outline at all.

    Raises:
        ValueError: If it is something else, numbers are out of range, or RLE is not of the image's size.
    """
    if isinstance(outline, list | dict) and not outline:
        return None
    try:
        outline = msgspec.convert(_as_builtins(outline), LooseOutline, strict=False)
    except (msgspec.ValidationError, TypeError) as error:
        raise ValueError(f'{EXPECTED}, got {str(outline)[:100]} ({error}; numbers are up to {LIMIT})') from error
    if isinstance(outline, dict):
        check_runs(outline, img_shape)
        return outline
    return _read_polygons(outline) if outline else None


def _read_polygons(outline: list) -> list | None:
    parts = [part for part in list_polygons(outline) if part]
    if not parts:
        return None
    for part in parts:
        if len(part) % 2 or not all(isinstance(value, float) for value in part):
            raise ValueError(f'a polygon must be numbers x, y, x, y, ..., got {len(part)} in {str(part)[:100]}')
        if _length(part) > MAX_LENGTH:
            raise ValueError(
                f'a polygon must be at most {MAX_LENGTH} pixels long, got {len(part) // 2} points over '
                f'{_length(part):.0f} pixels'
            )
    large = [part for part in parts if len(part) >= 6]
    if not large:
        raise ValueError(f'{EXPECTED}, got none in {str(outline)[:100]}')
    return large


def may_be_long(polygon: list[float]) -> bool:
    """Decide quickly whether a polygon may be longer than MAX_LENGTH; nearly none is."""
    size = len(polygon)
    return size * LIMIT > MAX_LENGTH and size // 2 * (max(polygon) - min(polygon)) > MAX_LENGTH


def _length(polygon: list[float]) -> float:
    """Pixels along a polygon, as pycocotools counts them: the longer of the steps across and down."""
    points = np.array(polygon).reshape(-1, 2)
    return float(np.abs(points - np.roll(points, 1, axis=0)).max(axis=1).sum())


def list_polygons(segmentation: list) -> list[list]:
    """Turn the forms in which tools write polygons into COCO's.

    Args:
        segmentation: Polygons [x, y, x, y, ...], or one of them without the outer list; each may also be a list of
            points [x, y].

    Returns:
        list: Polygons [x, y, x, y, ...].
    """
    if segmentation and (isinstance(segmentation[0], Real) or _are_points(segmentation)):
        segmentation = [segmentation]
    return [[value for point in part for value in point] if _are_points(part) else part for part in segmentation]


def _are_points(part: Any) -> bool:
    """Whether all are two numbers each; a COCO polygon has at least six."""
    return isinstance(part, list | tuple) and len(part) > 0 and all(map(_is_point, part))


def _is_point(point: Any) -> bool:
    is_two = isinstance(point, list | tuple) and len(point) == 2
    return is_two and all(isinstance(value, Real) for value in point)


def _as_builtins(outline: Any) -> Any:
    """Turn NumPy's numbers and pycocotools' bytes into what JSON has."""
    if isinstance(outline, Mapping) and isinstance(outline.get('counts'), bytes):
        outline = dict(outline, counts=outline['counts'].decode('latin-1'))
    return msgspec.to_builtins(outline, enc_hook=lambda value: value.tolist())


def check_runs(outline: Mapping, img_shape: tuple[int, int]) -> bool:
    """Check that run lengths cover their image exactly: pycocotools would read or write beyond them.

    Args:
        outline: RLE of types as :class:`RunLengths` has them.
        img_shape: (H, W) of its image.

    Returns:
        bool: Whether a run other than the first is empty.

    Raises:
        ValueError: If they do not.
    """
    if tuple(outline['size']) != tuple(img_shape):
        raise ValueError(
            f'RLE must have the size of its image, {list(img_shape)} ([height, width]), got {outline["size"]}'
        )
    counts, num_pixels = outline['counts'], img_shape[0] * img_shape[1]
    runs = decode_counts(counts.encode(errors='replace')) if isinstance(counts, str) else np.array(counts, np.int64)
    if runs is None or (runs < 0).any() or runs.sum() != num_pixels:
        got = 'text that holds no run lengths' if runs is None or (runs < 0).any() else f'runs of {runs.sum()}'
        raise ValueError(f'RLE must have runs of {num_pixels} pixels in all, as its image, got {got}')
    return 0 in runs[1:]


def join_runs(outline: dict) -> None:
    """Join runs that an empty one separates, where pycocotools' overlaps would end; the checked outline is changed."""
    runs = mask_utils.frPyObjects(outline, *outline['size']) if isinstance(outline['counts'], list) else outline
    outline['counts'] = mask_utils.encode(mask_utils.decode(runs))['counts'].decode()


def decode_counts(text: bytes) -> np.ndarray | None:
    """Read run lengths that pycocotools has compressed; None if it is no such text.

    Digits of five bits, the lowest first, make a number, which from the fourth on is the change to the last but one.

    Args:
        text: ``counts``.

    Returns:
        np.ndarray | None: int64; where the text is wrong, some may be negative.
    """
    digits = np.frombuffer(text, np.uint8) - np.uint8(FIRST_CHARACTER)
    last = np.flatnonzero(digits & MORE == 0)
    sizes = np.diff(last, prepend=-1)
    if (digits >= 2 * MORE).any() or sizes.sum() != len(digits) or (sizes > MAX_CHARACTERS).any():
        return None
    starts = last + 1 - sizes
    places = np.arange(len(digits)) - np.repeat(starts, sizes)
    bits = (digits & (MORE - 1)).astype(np.int64) << BITS * places
    values = np.add.reduceat(bits, starts) if len(starts) else bits
    values -= (digits[last] & SIGN != 0).astype(np.int64) << BITS * sizes
    for first in (1, 2):
        values[first::2] = np.cumsum(values[first::2])
    return values
