"""SearchResult: what a call of an inferencer gives, and the plain values in it."""

from collections import Counter
from typing import Any


class SearchResult(dict):
    """The dict of a ``DetInferencer``, with ``classes``; printed, it sums up what was found.

    Keys are ``predictions``, one for each image, ``visualization``, and ``classes``, the name of each label.
    """

    def __repr__(self) -> str:
        # Plain values, or those of a DetDataSample.
        images = [each if isinstance(each, dict) else each.pred_instances for each in self['predictions']]
        labels = [int(label) for image in images for label in image['labels']]
        scores = [float(score) for image in images for score in image['scores']]
        numbers = dict(image=len(images), object=len(labels))
        summary = ': '.join(f'{number} {name}{"" if number == 1 else "s"}' for name, number in numbers.items())
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
