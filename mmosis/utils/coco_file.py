"""Open a COCO-format annotation file: checked once, with clear words for what is wrong with it."""

import re
from collections import Counter
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from mmdet.datasets.api_wrappers import COCO

from .coco_images import turn_upright
from .coco_objects import settle_objects
from .coco_outlines import MAX_PIXELS
from .coco_schema import ENTRY, decode_coco, name_entry

BACKGROUND = ('background', '_background_', '__background__')  # as label tools and torchvision list it
NUMBER = re.compile(r'(-?[0-9]{1,40})(\.0*)?')


class CheckedCOCO(COCO):
    """An annotation file that :func:`load_coco` has checked.

    Attributes:
        skipped: Of each annotation id that is neither found nor shown as a reference the reason, one of
            :data:`~mmosis.utils.coco_objects.REASONS`.
        placeholders: Names of categories that stand for no objects, which are dropped.
    """

    skipped: dict[int | str, str]
    placeholders: list[str]


def load_coco(ann_file: str, img_dir: str | None = None) -> CheckedCOCO:
    """Load, check and index an annotation file.

    Numbers that come as text or as 80.0 become numbers, category names become text, file names have slashes, outlines
    are in COCO's form. Fields that are not used are dropped. Files without ``iscrowd`` or ``area`` get 0 and
    the box's area, as COCO would have for plain boxes.

    Args:
        ann_file: Path of the JSON file.
        img_dir: Folder of its images, if they may be read: see :func:`~mmosis.utils.coco_images.turn_upright`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not COCO format, empty, something in it is of a wrong type, out of its range, refers to
            nothing or is not unique where it must be; or if all objects are skipped.
    """
    if not Path(ann_file).is_file():
        raise FileNotFoundError(
            f'annotation file {ann_file} does not exist; check data_root and ann_file in the config'
        )
    dataset = decode_coco(ann_file)
    coco = CheckedCOCO()
    try:
        _settle_ids(dataset)
        _settle_images(dataset['images'])
        coco.placeholders = _settle_categories(dataset)
        if img_dir and Path(img_dir).is_dir():
            turn_upright(dataset, img_dir)
        coco.skipped = settle_objects(dataset)
    except ValueError as error:
        raise ValueError(f'{ann_file}: {error}') from error
    coco.dataset = dataset
    with redirect_stdout(StringIO()):  # pycocotools prints that it does it
        coco.createIndex()
    coco.img_ann_map, coco.cat_img_map = coco.imgToAnns, coco.catToImgs
    return coco


def _settle_images(images: list[dict]) -> None:
    for image in images:
        if image['height'] * image['width'] > MAX_PIXELS:
            raise ValueError(
                f'image {image["id"]} must have at most {MAX_PIXELS} pixels, got {image["width"]}x{image["height"]}'
            )
        image['file_name'] = image['file_name'].replace('\\', '/')  # as Windows writes paths


def _settle_ids(dataset: dict) -> None:
    """Check ids and references to them; a number that stands as text in some places becomes what the others are.

    Args:
        dataset: Content of the file, which is changed.

    Raises:
        ValueError: If ids are not unique, are numbers and words, or an annotation is of an image or a category that is
            not listed.
    """
    for key in ENTRY:
        _settle_own(key, dataset[key])
    _settle_references(dataset, 'image_id', 'images', 'belongs to image')
    _settle_references(dataset, 'category_id', 'categories', 'has category')
    _settle_negatives(dataset)


def _settle_own(key: str, entries: list[dict]) -> None:
    if len({type(entry['id']) for entry in entries}) > 1:
        for entry in entries:
            number = _as_number(entry['id'])
            if number is None:
                raise ValueError(
                    f'ids of "{key}" must be all numbers or all words, got both, as {entry["id"]!r}; number them anew'
                )
            entry['id'] = number
    ids = [entry['id'] for entry in entries]
    num = len(set(ids))
    if num != len(ids):
        twice = [each for each, count in Counter(ids).items() if count > 1]
        raise ValueError(
            f'ids of "{key}" must be unique, got {len(ids)} with {num} ids; more than once: '
            f'{", ".join(map(str, twice[:5]))}'
        )


def _settle_references(dataset: dict, field: str, key: str, relation: str) -> None:
    ids = {entry['id'] for entry in dataset[key]}
    annotations = dataset['annotations']
    twins = _find_twins({annotation[field] for annotation in annotations} - ids, ids)
    if not twins:
        return
    for number, annotation in enumerate(annotations):
        found = annotation[field]
        if found in twins:
            annotation[field] = twins[found]
            if twins[found] is None:
                named = name_entry('annotations', annotation, number)
                raise ValueError(f'{named} {relation} {found}, which "{key}" does not list')


def _settle_negatives(dataset: dict) -> None:
    ids = {category['id'] for category in dataset['categories']}
    for image in dataset['images']:
        if negative := image.get('neg_category_ids'):
            twins = _find_twins(set(negative) - ids, ids)
            image['neg_category_ids'] = [each if twins.get(each) is None else twins[each] for each in negative]


def _find_twins(unknown: set, ids: set) -> dict:
    """Find what unknown ids are meant to be: the same number as text, or text as a number; None if nothing is."""
    twins = {each: str(each) if isinstance(each, int) else _as_number(each) for each in unknown}
    return {each: twin if twin in ids else None for each, twin in twins.items()}


def _as_number(found: int | str) -> int | None:
    """Read an id as a number, None if it is a word."""
    if isinstance(found, int):
        return found
    match = NUMBER.fullmatch(found)
    return int(match[1]) if match else None


def _settle_categories(dataset: dict) -> list[str]:
    """Make names text, and take out categories that stand for no objects, so that they take no place anywhere.

    Those are the background, and the name of the data set itself, which Roboflow lists as category 0 and as the
    supercategory of all others; if no object is of them. Other categories without objects stay: a file to test on may
    lack what the training's shows, and both must be numbered and split alike.

    Args:
        dataset: Content of the file, ids settled; its categories are changed.

    Returns:
        list: Names of the categories that were taken out.

    Raises:
        ValueError: If names are not unique.
    """
    categories = dataset['categories']
    for category in categories:
        category['name'] = str(category['name'])
    twice = sorted(name for name, count in Counter(category['name'] for category in categories).items() if count > 1)
    if twice:
        raise ValueError(f'category names must be unique, since splits go by name; got twice: {", ".join(twice)}')
    shown = {annotation['category_id'] for annotation in dataset['annotations']}
    placeholders = [c for c in categories if c['id'] not in shown and _is_placeholder(c, categories)]
    dataset['categories'] = [category for category in categories if category not in placeholders]
    return [category['name'] for category in placeholders]


def _is_placeholder(category: dict, categories: list[dict]) -> bool:
    if category['name'].lower() in BACKGROUND:
        return True
    others = [other.get('supercategory') for other in categories if other is not category]
    return bool(others) and all(other == category['name'] for other in others)
