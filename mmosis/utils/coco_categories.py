"""Categories of a COCO-format file: names, and which of them stand for no objects."""

from collections import Counter

BACKGROUND = ('background', '_background_', '__background__')  # as label tools and torchvision list it


def settle_categories(dataset: dict) -> list[str]:
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
