"""Which annotated objects can be searched for, and so be missed."""

from collections.abc import Mapping


def is_searchable(annotation: Mapping, image: Mapping) -> bool:
    """Tell whether mmdet's data set gives an object to a detector as one to find.

    It skips crowds, objects marked ``ignore``, those of area 0, narrower or lower than a pixel, or outside the image.
    They are never searched for; what is found there is neither right nor wrong. While a file is loaded,
    :func:`~mmosis.utils.coco_objects.settle_objects` goes by the same rule.

    Args:
        annotation: COCO annotation with ``bbox`` (xywh, pixels), ``area``, and maybe ``iscrowd`` and ``ignore``.
        image: Its image's entry, with ``width`` and ``height``.
    """
    if annotation.get('iscrowd') or annotation.get('ignore'):
        return False
    x, y, width, height = annotation['bbox']
    inside_width = min(x + width, image['width']) - max(x, 0)
    inside_height = min(y + height, image['height']) - max(y, 0)
    return min(inside_width, inside_height) > 0 and annotation['area'] > 0 and min(width, height) >= 1
