"""from_coco: the records in the content of a COCO-format file, checked."""

from collections import Counter
from pathlib import PurePath
from typing import Annotated

from msgspec import Meta
from pycocotools import mask as mask_utils
from typing_extensions import NotRequired, TypedDict

from mmosis.utils.coco_objects import settle_outlines
from mmosis.utils.coco_outlines import MAX_PIXELS, list_polygons
from mmosis.utils.coco_schema import Category, Image, LooseAnnotation, check_coco
from mmosis.utils.masks import encode_segmentation, rle_as_text


class _Found(LooseAnnotation):
    """An object that was found."""

    score: NotRequired[Annotated[float, Meta(ge=0, le=1)] | None]


class _Content(TypedDict):
    images: list[Image]
    annotations: list[_Found]
    categories: list[Category]


def from_coco(coco: dict) -> tuple[list[dict], list[str]]:
    """Turn a file into what :func:`~mmosis.search.exports.coco_export.to_coco` takes.

    Args:
        coco: ``images``, ``annotations`` with RLE or polygons and maybe a ``score`` (else 1), ``categories``.

    Returns:
        tuple: A record for each image, and the name of each label.

    Raises:
        ValueError: If a field is missing, of another type or out of its range, an id or a ``file_name`` comes twice or
            is of nothing, or a ``file_name`` leads out of the folder of images; the message says which.
    """
    content = check_coco(coco, _Content)
    images, categories, annotations = (content[key] for key in ('images', 'categories', 'annotations'))
    _check_twice('image', 'id', images)
    _check_twice('image', 'file_name', images)
    _check_twice('category', 'id', categories)
    for image in images:
        _check_image(image)
    labels = {category['id']: label for label, category in enumerate(categories)}
    records = {
        image['id']: dict({key: image[key] for key in ('file_name', 'height', 'width')}, found=[]) for image in images
    }
    for annotation in annotations:
        if annotation['image_id'] not in records or annotation['category_id'] not in labels:
            raise ValueError(f'annotation {annotation["id"]} is of an image or a category that the file does not have')
        if isinstance(annotation.get('segmentation'), list):
            annotation['segmentation'] = list_polygons(annotation['segmentation'])
    shapes = {image_id: (record['height'], record['width']) for image_id, record in records.items()}
    settle_outlines(annotations, [shapes[annotation['image_id']] for annotation in annotations])
    for annotation in annotations:
        row = _as_row(annotation, labels[annotation['category_id']], shapes[annotation['image_id']])
        records[annotation['image_id']]['found'].append(row)
    return list(records.values()), [str(category['name']) for category in categories]


def _as_row(annotation: dict, label: int, img_shape: tuple[int, int]) -> dict:
    outline = annotation.get('segmentation') or []
    if isinstance(outline, dict):
        outline = rle_as_text(encode_segmentation(outline, img_shape))
    area, score = annotation.get('area'), annotation.get('score')
    if area is None and outline:
        area = float(mask_utils.area(encode_segmentation(outline, img_shape)))
    elif area is None:
        area = annotation['bbox'][2] * annotation['bbox'][3]
    return dict(
        label=label, score=1.0 if score is None else score, bbox=annotation['bbox'], area=area, segmentation=outline
    )


def _check_image(image: dict) -> None:
    name, path = image['file_name'], PurePath(image['file_name'])
    if path.is_absolute() or '..' in path.parts or not path.name or '\0' in name:
        raise ValueError(f'the file_name of an image must be a path below the folder of all, got {name!r}')
    if image['width'] * image['height'] > MAX_PIXELS:
        raise ValueError(f'image {name} has more than {MAX_PIXELS} pixels, {image["width"]}x{image["height"]} (w x h)')


def _check_twice(what: str, key: str, entries: list[dict]) -> None:
    twice = [value for value, times in Counter(entry[key] for entry in entries).items() if times > 1]
    if twice:
        raise ValueError(f'each {what} must have a {key} of its own, got {twice[0]!r} more than once')
