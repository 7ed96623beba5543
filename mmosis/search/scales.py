"""The right scale by itself: at which sizes an image is searched, and how what they give becomes one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, log

import numpy as np

from mmosis.structures import FoundObjects

from .tiling import drop_duplicates

MIN_SCALE = 32  # pixels
Size = tuple[float, float]


@dataclass(frozen=True)
class ScaleSettings:
    """Among which scales to choose, and how; a config has it as ``search``.

    Attributes:
        scales: Longer sides in pixels to which images are resized for the network; without any, its pipeline settles
            that.
        object_size: Size at which the model finds things best: root of the area of the box, in pixels of the network's
            input. Several scales need it.
        max_enlargement: By how much an image may be enlarged at most; None for no bound.
        same_size: Pictures whose longer sides differ by this factor at most show a thing at the same size.
        max_fill: A box that takes more of its picture than this (root of the shares of the areas) is a crop, which
            tells no size.

    Raises:
        ValueError: If a number is out of its range.
    """

    scales: tuple[int, ...] = ()
    object_size: float | None = None
    max_enlargement: float | None = 1.0
    same_size: float = 1.25
    max_fill: float = 0.9

    def __post_init__(self) -> None:
        object.__setattr__(self, 'scales', tuple(sorted(self.scales)))
        if any(scale < MIN_SCALE for scale in self.scales):
            raise ValueError(f'search.scales must be at least {MIN_SCALE} pixels each, got {self.scales}')
        if len(self.scales) > 1 and not self.object_size:
            raise ValueError('search.scales needs search.object_size, the size at which the model finds things best')
        if self.max_enlargement is not None and self.max_enlargement <= 0:
            raise ValueError(f'search.max_enlargement must be above 0, got {self.max_enlargement}')

    @classmethod
    def from_config(cls, search: Mapping, image_scale: int | None = None) -> 'ScaleSettings':
        """Read a config's ``search``; ``image_scale`` is one scale for all images, which overrules it.

        Raises:
            ValueError: If ``image_scale`` or a number of the config is out of its range.
        """
        if image_scale is not None:
            if image_scale < MIN_SCALE:
                raise ValueError(f'image_scale must be at least {MIN_SCALE} pixels, got {image_scale}')
            return cls((image_scale,), max_enlargement=None)
        if 'scales' not in search:
            return cls((search['max_image_scale'],) if 'max_image_scale' in search else ())
        return cls(**{key: search[key] for key in cls.__dataclass_fields__ if key in search})


def known_size(
    references: Sequence[tuple[Size | None, Size | None]], img_shape: tuple[int, int], settings: ScaleSettings
) -> float | None:
    """How large a category's object is in an image, as far as its references tell.

    Args:
        references: For each the (w, h) of its box and of the picture that it is on, in pixels; None where unknown.
        img_shape: (h, w) of the image.
        settings: What counts as a picture of the same size, and as a crop.

    Returns:
        float | None: Geometric mean of the roots of their boxes' areas, in pixels of the image; None if none tells it.
    """
    sizes = [
        np.sqrt(np.prod(box))
        for box, picture in references
        if box is not None and picture is not None and _tells(box, picture, img_shape, settings)
    ]
    return float(np.exp(np.mean(np.log(sizes)))) if sizes else None


def choose_scales(size: float | None, img_shape: tuple[int, int], settings: ScaleSettings) -> tuple[int | None, ...]:
    """Choose the longer sides at which an image is searched.

    Args:
        size: Of the object, as :func:`known_size` tells it.
        img_shape: (h, w) of the image, or of a tile of it.
        settings: Among which.

    Returns:
        tuple: The one at which the object comes nearest to the size that the model likes, or all if that is unknown;
        those that would enlarge the image too much are bounded. (None,): as the pipeline settles it.
    """
    if not settings.scales:
        return (None,)
    longer = max(img_shape)
    limit = inf if settings.max_enlargement is None else settings.max_enlargement * longer
    sides = sorted({int(min(scale, limit)) for scale in settings.scales})
    if size is None or len(sides) == 1:
        return tuple(sides)
    ideal = longer * settings.object_size / size
    return (min(sides, key=lambda side: abs(log(side / ideal))),)


def group_by_scale(
    categories: Sequence[Sequence[tuple[Size | None, Size | None]]],
    img_shape: tuple[int, int],
    settings: ScaleSettings,
    whole_shape: tuple[int, int] | None = None,
) -> dict[int | None, list[int]]:
    """Which categories are searched at which longer side: those of one share the encoding of the image.

    Args:
        categories: What is known of each category's references, as :func:`known_size` takes it.
        img_shape: (h, w) of the image, or of a tile of it.
        settings: As in :func:`choose_scales`.
        whole_shape: (h, w) of the image that it is a tile of.

    Returns:
        dict: Positions of the categories by side.
    """
    groups = defaultdict(list)
    for position, references in enumerate(categories):
        size = known_size(references, whole_shape or img_shape, settings)
        for side in choose_scales(size, img_shape, settings):
            groups[side].append(position)
    return dict(groups)


def merge_scales(results: Sequence[FoundObjects], iou_thr: float) -> FoundObjects:
    """Merge what an image gave at several scales: of what several find, the best stays.

    Greedy NMS between scales for each label; what a scale keeps apart stays apart.

    Args:
        results: For each scale the detections: ``bboxes`` (N, 4) xyxy, ``scores``, ``labels`` and maybe ``masks``, all
            in the frame of the image.
        iou_thr: Boxes that overlap by more than this are of one object.

    Returns:
        FoundObjects: The same columns; of several scales by falling score.
    """
    if len(results) == 1:
        return results[0]
    seen = [
        result.with_columns(seen_by=np.full(len(result), frozenset([number]))) for number, result in enumerate(results)
    ]
    return drop_duplicates(FoundObjects.cat(seen), iou_thr).without_columns('seen_by')


def _tells(box: Size, picture: Size, img_shape: tuple[int, int], settings: ScaleSettings) -> bool:
    """Whether a box tells how large its object is in an image."""
    ratio = max(picture) / max(img_shape)
    fill = np.sqrt(np.prod(box) / np.prod(picture))
    return max(ratio, 1 / ratio) <= settings.same_size and fill <= settings.max_fill
