"""Ids of a COCO-format file: all numbers or all words, unique, and known where they are referred to."""

import re
from collections import Counter

from .coco_schema import ENTRY, name_entry

NUMBER = re.compile(r'(-?[0-9]{1,40})(\.0*)?')


def settle_ids(dataset: dict) -> None:
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
