"""What a COCO-format file may hold: types and ranges of every field that is used, checked while it is decoded."""

import json
import re
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from typing_extensions import NotRequired, TypedDict  # new in Python 3.11

from .coco_outlines import LIMIT, Coordinate, LooseOutline, Outline, list_polygons
from .json_file import read_json

MAX_SIDE = 2**16 - 1  # of an image, as of a JPEG file

Id = int | Annotated[str, Meta(pattern='^[^\0]+$')]  # NumPy's arrays of text lose zeros at the end
Side = Annotated[int, Meta(ge=1, le=MAX_SIDE)]
Flag = Annotated[int, Meta(ge=0, le=1)] | bool | None


class Image(TypedDict):
    """An image; ``neg_category_ids`` are LVIS's."""

    id: Id
    file_name: Annotated[str, Meta(min_length=1)]
    height: Side
    width: Side
    neg_category_ids: NotRequired[list[Id] | None]


class _AnyAnnotation(TypedDict):
    id: Id
    image_id: Id
    category_id: Id
    bbox: Annotated[list[Coordinate], Meta(min_length=4, max_length=4)]
    area: NotRequired[Annotated[float, Meta(ge=-(LIMIT**2), le=LIMIT**2)] | None]
    iscrowd: NotRequired[Flag]
    ignore: NotRequired[Flag]


class Annotation(_AnyAnnotation):
    """An object, its outline as COCO has it."""

    segmentation: NotRequired[Outline]


class LooseAnnotation(_AnyAnnotation):
    """An object, its outline in any form that tools write."""

    segmentation: NotRequired[LooseOutline]


class Category(TypedDict):
    """A category."""

    id: Id
    name: str | int | Annotated[float, Meta(ge=-1e308, le=1e308)]  # which nan is not
    supercategory: NotRequired[Any]


class _Lists(TypedDict):
    images: Annotated[list[Image], Meta(min_length=1)]
    categories: Annotated[list[Category], Meta(min_length=1)]


class Dataset(_Lists):
    """A file as most are."""

    annotations: Annotated[list[Annotation], Meta(min_length=1)]


class LooseDataset(_Lists):
    """A file with outlines in any form."""

    annotations: Annotated[list[LooseAnnotation], Meta(min_length=1)]


ENTRY = dict(images='image', annotations='annotation', categories='category')
EXPECTED = {
    'id': 'an id, a number or a word',
    'file_name': 'a file_name, text',
    'height': f'a height of whole pixels, 1 to {MAX_SIDE}',
    'width': f'a width of whole pixels, 1 to {MAX_SIDE}',
    'neg_category_ids': 'neg_category_ids, a list of ids',
    'image_id': 'an image_id, a number or a word',
    'category_id': 'a category_id, a number or a word',
    'bbox': f'a bbox [x, y, width, height], four numbers of pixels up to {LIMIT}',
    'area': f'an area, a number of pixels up to {LIMIT**2}',
    'iscrowd': 'iscrowd 0 or 1',
    'ignore': 'ignore 0 or 1',
    'score': 'a score, a number in 0-1',
    'segmentation': f'a segmentation, polygons [[x, y, x, y, ...]] of pixels up to {LIMIT} or RLE '
    '{"size": [height, width], "counts"}',
    'name': 'a name, text or a number',
}
PLACE = re.compile(r' - at `\$\.(\w+)(?:\[(\d+)\](?:\.(\w+))?)?')
MISSING = re.compile(r'missing required field `(\w+)`')


def decode_coco(path: str | Path) -> dict:
    """Read a COCO-format file: numbers that come as text or as 80.0 become numbers, fields that are not used are left.

    Raises:
        ValueError: If it is no JSON, or a field is missing, of another type or out of its range; the message names
            file, entry and field, and says what came and what is expected.
    """
    content = Path(path).read_bytes()
    for decode in (_decode, _decode_loose):
        try:
            return decode(content)
        except msgspec.ValidationError as error:
            wrong = error
        except (ValueError, RecursionError) as error:
            raise ValueError(f'{path} is not a JSON file: {error}') from error
    raise ValueError(f'{path}: {_explain(str(wrong), read_json(path))}') from wrong


def check_coco(content: Any, schema: type) -> dict:
    """Check what was decoded already, and read numbers that come as text.

    Args:
        content: Of a COCO-format file.
        schema: Its fields, a TypedDict.

    Raises:
        ValueError: As :func:`decode_coco`, without a file.
    """
    try:
        return msgspec.convert(content, type=schema, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(_explain(str(error), content)) from error


def _decode(content: bytes, schema: type = Dataset) -> dict:
    try:
        return msgspec.json.decode(content, type=schema, strict=False)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        # NaN, and encodings other than UTF-8, which Python reads: so that the message can say where they stand.
        found = json.loads(content)
        json.dumps(found, ensure_ascii=False).encode()  # halves of characters, which nothing can print or write
        return msgspec.convert(found, type=schema, strict=False)


def _decode_loose(content: bytes) -> dict:
    """Decode, and bring outlines that tools write in other forms into COCO's."""
    dataset = _decode(content, LooseDataset)
    for annotation in dataset['annotations']:
        if isinstance(annotation.get('segmentation'), list):
            annotation['segmentation'] = list_polygons(annotation['segmentation'])
    return msgspec.convert(dataset, type=Dataset)


def _explain(error: str, content: Any) -> str:
    """Say in words of COCO what msgspec says with a path."""
    place, missing = PLACE.search(error), MISSING.search(error)
    key, number, field = place.groups() if place else (None, None, None)
    if number is None:
        key = key or (missing[1] if missing else None)
        entries = content.get(key) if isinstance(content, dict) else content
        if key is None or not entries:
            return f'this is not a COCO-format file with content: "{key or "images"}" is missing or empty'
        return f'"{key}" must be a list, got {_show(entries)}'
    if not isinstance(content[key], list) or len(content[key]) <= int(number):
        return f'"{key}" must be listed once, got it several times'  # Python takes the last, msgspec checks all
    entry = content[key][int(number)]
    field = field or (missing[1] if missing else None)
    if field is None:
        return f'entries of "{key}" must be objects, got {_show(entry)}'
    got = _show(entry[field]) if field in entry else 'nothing'
    named = name_entry(key, {} if field == 'id' else entry, int(number))
    return f'{named} must have {EXPECTED[field]}, got {got}'


def name_entry(key: str, entry: dict, number: int) -> str:
    """Name an entry of a list by its id, or by its position where it has none."""
    found = entry.get('id')
    has_id = isinstance(found, int | str) and not isinstance(found, bool)
    return f'{ENTRY[key]} {found}' if has_id else f'{ENTRY[key]} number {number + 1} of the list'


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f'{text[:100]}...'
