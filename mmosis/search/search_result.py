"""SearchResult: what a call of an inferencer gives, and the plain values in it."""

from collections import Counter
from typing import Any


class SearchResult(dict):
    """The dict of a ``DetInferencer``, with ``classes``; printed, it tells what was found.

    Keys are ``predictions``, one for each image, ``visualization``, and ``classes``, the name of each label.
    """

    def __repr__(self) -> str:
        images = [_columns(prediction) for prediction in self['predictions']]
        labels = [int(label) for image in images for label in image['labels']]
        scores = [float(score) for image in images for score in image['scores']]
        summary = f'{_count(len(images), "image")}: {_count(len(labels), "object")}'
        if not labels:
            return summary
        counts = ', '.join(f'{number} {self["classes"][label]}' for label, number in sorted(Counter(labels).items()))
        return f'{summary} ({counts}), scores {min(scores):.2f}-{max(scores):.2f}'


def as_plain(found: Any) -> dict[str, list]:
    """Turn what was found, ``FoundObjects`` or mmdet's instances, into plain values: the prediction of an image."""
    plain = {name: found[name].tolist() for name in ('labels', 'scores', 'bboxes')}
    if 'masks' in found:
        plain['masks'] = [dict(rle, counts=rle['counts'].decode()) for rle in found.masks]
    return plain


def _columns(prediction: Any) -> Any:
    """What was found in an image, of plain values or of a ``DetDataSample``."""
    return prediction if isinstance(prediction, dict) else prediction.pred_instances


def _count(number: int, thing: str) -> str:
    return f'{number} {thing}' if number == 1 else f'{number} {thing}s'
