"""Outlines of objects as annotation files have them: polygons and run lengths, checked before anything decodes them."""

from collections.abc import Mapping, Sequence
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
CHARACTERS_AT_A_TIME = 2**18


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
        if wrong := first_wrong_runs([outline], [img_shape]):
            raise ValueError(wrong[1])
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
    """Tell quickly whether a polygon may be longer than MAX_LENGTH; nearly none is."""
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
    """Whether all are pairs of numbers; a COCO polygon has at least six."""
    return isinstance(part, list | tuple) and len(part) > 0 and all(map(_is_point, part))


def _is_point(point: Any) -> bool:
    pair = isinstance(point, list | tuple) and len(point) == 2
    return pair and all(isinstance(value, Real) for value in point)


def _as_builtins(outline: Any) -> Any:
    """Turn NumPy's numbers and pycocotools' bytes into what JSON has."""
    if isinstance(outline, Mapping) and isinstance(outline.get('counts'), bytes):
        outline = dict(outline, counts=outline['counts'].decode('latin-1'))
    return msgspec.to_builtins(outline, enc_hook=lambda value: value.tolist())


def first_wrong_runs(outlines: Sequence[dict], img_shapes: Sequence[tuple[int, int]]) -> tuple[int, str] | None:
    """Find run lengths that do not cover their image exactly: pycocotools would read or write beyond them.

    Args:
        outlines: RLE of types as :class:`RunLengths` has them.
        img_shapes: (H, W) of the image of each.

    Returns:
        tuple | None: The index of the first, and what is wrong with it; None if all are right.
    """
    texts = [number for number, outline in enumerate(outlines) if isinstance(outline['counts'], str)]
    totals = np.array([0 if isinstance(o['counts'], str) else sum(o['counts']) for o in outlines], dtype=np.int64)
    totals[texts], _ = count_run_pixels([_encoded(outlines[number]) for number in texts])
    for number, (outline, shape, total) in enumerate(zip(outlines, img_shapes, totals.tolist(), strict=True)):
        if tuple(outline['size']) != tuple(shape):
            return number, (
                f'RLE must have the size of its image, {list(shape)} ([height, width]), got {outline["size"]}'
            )
        if total != shape[0] * shape[1]:
            got = f'runs of {total}' if total >= 0 else 'text that holds no run lengths'
            return number, f'RLE must have runs of {shape[0] * shape[1]} pixels in all, as its image, got {got}'
    return None


def join_runs(outlines: Sequence[dict]) -> None:
    """Join runs that an empty one parts, where pycocotools' overlaps would end; outlines are right, and are changed."""
    texts = [number for number, outline in enumerate(outlines) if isinstance(outline['counts'], str)]
    has_empty = np.array([isinstance(o['counts'], list) and 0 in o['counts'][1:] for o in outlines], dtype=bool)
    _, has_empty[texts] = count_run_pixels([_encoded(outlines[number]) for number in texts])
    for number in np.flatnonzero(has_empty).tolist():
        outline = outlines[number]
        runs = mask_utils.frPyObjects(outline, *outline['size']) if isinstance(outline['counts'], list) else outline
        outline['counts'] = mask_utils.encode(mask_utils.decode(runs))['counts'].decode()


def _encoded(outline: dict) -> bytes:
    return outline['counts'].encode(errors='replace')


def count_run_pixels(texts: Sequence[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """Add up compressed run lengths, many at once.

    Args:
        texts: ``counts`` as pycocotools writes them.

    Returns:
        tuple: (N,) int64, pixels, -1 for what is no such text; and (N,) bool, whether a run other than the first is
        empty.
    """
    totals, has_empty = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=bool)]
    begin, size = 0, 0
    for end, text in enumerate(texts, 1):
        size += len(text)
        if size >= CHARACTERS_AT_A_TIME or end == len(texts):
            pixels, empty = _count_run_pixels(texts[begin:end])
            totals.append(pixels)
            has_empty.append(empty)
            begin, size = end, 0
    return np.concatenate(totals), np.concatenate(has_empty)


def _count_run_pixels(texts: Sequence[bytes]) -> tuple[np.ndarray, np.ndarray]:
    characters = np.frombuffer(b''.join(texts), np.uint8) - np.uint8(FIRST_CHARACTER)
    text_ends = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)))
    is_last = characters & MORE == 0
    wrong = _find_broken(characters, is_last, text_ends)
    ends = np.flatnonzero(is_last)
    sizes = np.diff(ends, prepend=-1)
    counts = np.diff(np.searchsorted(ends, text_ends), prepend=0)  # numbers in each text
    owners = np.repeat(np.arange(len(texts)), counts)
    wrong[owners[sizes > MAX_CHARACTERS]] = True
    values = _join_characters(characters, ends, np.minimum(sizes, MAX_CHARACTERS))
    positions = np.arange(len(values)) - np.repeat(np.cumsum(counts) - counts, counts)
    totals, has_empty = np.zeros(len(texts), dtype=np.int64), np.zeros(len(texts), dtype=bool)
    # A run is stored as its difference to the one before the last; the first three are stored whole.
    for chain in (positions == 0, (positions > 0) & (positions % 2 == 0), positions % 2 == 1):
        runs, owner = _sum_within(values[chain], owners[chain]), owners[chain]
        wrong[owner[(runs < 0) | (runs > MAX_PIXELS)]] = True
        totals += np.bincount(owner, np.clip(runs, 0, MAX_PIXELS), len(texts)).astype(np.int64)
        has_empty[owner[(runs == 0) & (positions[chain] > 0)]] = True
    return np.where(wrong, -1, totals), has_empty


def _find_broken(characters: np.ndarray, is_last: np.ndarray, text_ends: np.ndarray) -> np.ndarray:
    """Find texts with other characters or half a number, which is ended so that it does not reach into the next."""
    wrong = np.zeros(len(text_ends), dtype=bool)
    wrong[np.searchsorted(text_ends, np.flatnonzero(characters >= 2 * MORE), side='right')] = True
    ends = text_ends[np.diff(text_ends, prepend=0) > 0] - 1
    wrong[np.searchsorted(text_ends, ends[~is_last[ends]], side='right')] = True
    is_last[ends] = True
    return wrong


def _join_characters(characters: np.ndarray, ends: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Make numbers of characters, given where each number ends and how many it has."""
    last = characters[ends]
    values = (last & (MORE - 1)).astype(np.int64) << BITS * (sizes - 1)
    values -= (last & SIGN != 0).astype(np.int64) << BITS * sizes
    longer = np.arange(len(ends))
    for place in range(1, MAX_CHARACTERS):
        longer = longer[sizes[longer] > place]
        digits = (characters[ends[longer] - place] & (MORE - 1)).astype(np.int64)
        values[longer] += digits << BITS * (sizes[longer] - 1 - place)
    return values


def _sum_within(values: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """Running sums that start anew with each owner, of whom all numbers are in a row."""
    sums = np.append(0, np.cumsum(values))
    counts = np.bincount(owners)
    starts = np.cumsum(counts) - counts
    return sums[1:] - np.repeat(sums[starts], counts)
