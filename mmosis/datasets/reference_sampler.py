"""Which annotated instances serve as references."""

import random
from collections.abc import Iterable, Sequence
from functools import cached_property
from math import ceil, floor
from typing import NamedTuple

import numpy as np
from mmdet.registry import TASK_UTILS

from mmosis.structures import Reference
from mmosis.utils.packed import IdIndex, PackedList, id_array


class ImageRecord(NamedTuple):
    """What the sampler needs to know of one image.

    Attributes:
        img_id: Its id in the annotation file.
        img_path: Its file.
        img_shape: (h, w) as the annotation file states it.
        instances: mmdet instance dicts with ``ann_id``, ``bbox`` (xyxy), ``bbox_label``, ``ignore_flag`` and maybe
            ``mask``.
    """

    img_id: int | str
    img_path: str
    img_shape: tuple[int, int]
    instances: list[dict]


@TASK_UTILS.register_module()
class ReferenceSampler:
    """Draws references: an image of the category first, uniformly, then an instance in it.

    This is the published code's order (an image with many instances is not preferred). The searched image is not
    drawn, as in the paper's tests (section 5.2), unless ``same_image`` allows it, as in its training (section 5.1) and
    everywhere in the published code. Crowds and degenerate boxes are never drawn. The index is built once; a draw costs
    the same however many annotations there are.

    Args:
        images: All images that references may come from.
        num: References an episode, K (shots).
        replace: True: K independent draws, as published, so a reference may come twice. False: K different images.
        same_image: Whether the searched image may give references.
        min_size: Shorter side that a reference must have, in pixels of its image, of what lies in it. Later papers take
            references that a detector finds with ease; this and ``min_visibility`` do so by the annotations alone.
        max_aspect: Most that the longer side of a crop may be of its shorter one; by default any.
        min_visibility: Fraction of the box that must be free of every other single object's box, 0-1.
        with_masks: Whether references carry their masks, which are kept in memory then.

    Raises:
        ValueError: If a number is out of its range.
    """

    def __init__(
        self,
        images: Iterable[ImageRecord],
        num: int = 1,
        replace: bool = True,
        same_image: bool = False,
        min_size: float = 0,
        min_visibility: float = 0,
        max_aspect: float | None = None,
        with_masks: bool = False,
    ) -> None:
        if num < 1:
            raise ValueError(f'the number of references an episode must be at least 1, got {num}')
        if min_size < 0 or not 0 <= min_visibility <= 1:
            raise ValueError(
                f'min_size must be at least 0 and min_visibility in 0-1, got {min_size} and {min_visibility}'
            )
        if max_aspect is not None and max_aspect < 1:
            raise ValueError(f'max_aspect must be at least 1, got {max_aspect}')
        self.num = num
        self.replace = replace
        self.same_image = same_image
        records, rows, masks = [], [], []
        for index, image in enumerate(images):
            records.append(image[:3])
            kept = _usable(image, min_size, min_visibility, max_aspect)
            rows += [(i['bbox_label'], index, i['ann_id'], *_clip(i['bbox'], image.img_shape)) for i in kept]
            if with_masks:
                masks += [i.get('mask') for i in kept]
        # All in arrays, which the workers of a data loader have in common.
        self._images = PackedList(records)
        self._indices = IdIndex([img_id for img_id, *_ in records])
        order = self._build_index(rows)
        self._segmentations = PackedList(masks[row] for row in order) if with_masks else None

    def _build_index(self, rows: list[tuple]) -> np.ndarray:
        """Sort instances by (label, image, id); note where each label's images and each image's instances begin.

        Returns:
            np.ndarray: The rows in their new order.
        """
        ann_ids = id_array([row[2] for row in rows])
        by_id = np.argsort(ann_ids, kind='stable')
        keys = np.array([row[:2] for row in rows], dtype=np.int64).reshape(-1, 2)
        order = by_id[np.lexsort(keys[by_id].T[::-1])]
        self._ann_ids = ann_ids[order]
        self._bboxes = np.array([row[3:] for row in rows], dtype=np.float64).reshape(-1, 4)[order]
        groups, starts = np.unique(keys[order], axis=0, return_index=True)
        spans = np.stack([groups[:, 1], starts, np.append(starts, len(rows))[1:]], axis=1)
        self._groups: dict[int, np.ndarray] = {
            int(label): spans[groups[:, 0] == label] for label in np.unique(groups[:, 0])
        }
        return order

    @property
    def min_images(self) -> int:
        """Images that a category must have: enough to give references, and the searched one if it may not."""
        return (1 if self.replace else self.num) + (not self.same_image)

    def num_images(self, label: int) -> int:
        """Count the images that can give references of a category."""
        return len(self._groups.get(label, ()))

    def draw(self, label: int, img_id: int | str, rng: np.random.Generator, run: int = 0) -> tuple[Reference, ...]:
        """Draw K references of a category for an image.

        Args:
            label: Index of the category.
            img_id: The searched image, which is excluded unless ``same_image``.
            rng: The generator of this draw.
            run: The test run; not used, since each run has a generator of its own.

        Raises:
            ValueError: If the category has too few images.
        """
        groups = self._enough_groups(label)
        searched = None if self.same_image else self._position(groups, img_id)
        rows = rng.choice(len(groups) - (searched is not None), size=self.num, replace=self.replace)
        # The last image stands in for the searched one: uniform over the others, whatever their number.
        drawn = [groups[-1 if row == searched else row] for row in rows]
        return tuple(self._make_reference(int(rng.integers(start, end)), index) for index, start, end in drawn)

    def draw_beside(self, label: int, img_id: int | str, rng: np.random.Generator) -> Reference | None:
        """Draw an instance of the searched image, where it leaves another one to be found.

        Args:
            label: Index of the category.
            img_id: The searched image.
            rng: The generator of this draw.

        Returns:
            Reference | None: None where the image has fewer than two that may serve as references.
        """
        groups = self._groups.get(label, np.empty((0, 3), dtype=np.int64))
        position = self._position(groups, img_id)
        if position is None:
            return None
        index, start, end = groups[position].tolist()
        return self._make_reference(int(rng.integers(start, end)), index) if end - start > 1 else None

    def find(self, label: int, ann_id: int | str) -> Reference | None:
        """Look up an instance of a category by its annotation id; None if it cannot give a reference."""
        groups = self._groups.get(label)
        row = self._rows_by_id.find(ann_id)
        if groups is None or not groups[0, 1] <= row < groups[-1, 2]:
            return None
        return self._make_reference(row, self._image_of(groups, row))

    @cached_property
    def _rows_by_id(self) -> IdIndex:
        return IdIndex(self._ann_ids)

    def _enough_groups(self, label: int) -> np.ndarray:
        """The images of a category and their instances (index, start, end)."""
        groups = self._groups.get(label, np.empty((0, 3), dtype=np.int64))
        if len(groups) < self.min_images:
            raise ValueError(
                f'category {label} needs {self.min_images} images to give {self.num} reference(s) from images other '
                f'than the searched one, got {len(groups)}'
            )
        return groups

    def _position(self, groups: np.ndarray, img_id: int | str) -> int | None:
        """Where the searched image stands among a category's images, or None if it gives no references of it."""
        index = self._indices.find(img_id)
        position = int(np.searchsorted(groups[:, 0], index))
        return position if position < len(groups) and groups[position, 0] == index else None

    @staticmethod
    def _image_of(groups: np.ndarray, row: int) -> int:
        """Index of the image that an instance of a category is in."""
        return int(groups[np.searchsorted(groups[:, 1], row, side='right') - 1, 0])

    def _make_reference(self, row: int, index: int) -> Reference:
        img_id, img_path, img_shape = self._images[index]
        ann_id, bbox = self._ann_ids[row : row + 1].tolist()[0], tuple(self._bboxes[row].tolist())
        segmentation = None if self._segmentations is None else self._segmentations[row]
        return Reference(ann_id, img_id, img_path, bbox, img_shape, segmentation)


@TASK_UTILS.register_module()
class ShuffledReferenceSampler(ReferenceSampler):
    """Takes the run-th instance of a list that is shuffled by the image id: the same references for everybody.

    It is the rule of CoAE (arXiv 1911.12529) and BHRL (arXiv 2203.07071) at test time: Python's generator seeded with
    the image id shuffles all instances of the category, and run r takes position r; with K references positions r K to
    r K + K - 1. As there, the list starts again when it ends, and the searched image may give the reference. Their
    lists are of instances that a detector finds; here they have all that pass ``min_size`` and ``min_visibility``, by
    image id and annotation id. Neither seed nor generator of the data set counts.

    Args:
        images, num, min_size, min_visibility, with_masks: As in :class:`ReferenceSampler`.
    """

    def __init__(
        self,
        images: Iterable[ImageRecord],
        num: int = 1,
        min_size: float = 0,
        min_visibility: float = 0,
        with_masks: bool = False,
    ) -> None:
        by_id = sorted(images, key=lambda image: image.img_id)
        rule = dict(min_size=min_size, min_visibility=min_visibility, with_masks=with_masks)
        super().__init__(by_id, num, same_image=True, **rule)

    def draw(self, label: int, img_id: int | str, rng: np.random.Generator, run: int = 0) -> tuple[Reference, ...]:
        """Take the K references of a run; arguments as in :meth:`ReferenceSampler.draw`."""
        groups = self._enough_groups(label)
        order = list(range(int(groups[0, 1]), int(groups[-1, 2])))
        random.Random(img_id).shuffle(order)
        rows = [order[(run * self.num + shot) % len(order)] for shot in range(self.num)]
        return tuple(self._make_reference(row, self._image_of(groups, row)) for row in rows)


def _usable(image: ImageRecord, min_size: float, min_visibility: float, max_aspect: float | None) -> list[dict]:
    """Instances that may serve as references: no crowds, large, free and wide enough."""
    kept = [instance for instance in image.instances if not instance['ignore_flag']]
    if min_size:
        kept = [i for i in kept if min(_sides(_clip(i['bbox'], image.img_shape))) >= min_size]
    if min_visibility:
        kept = [i for i in kept if _visibility(i, image.instances) >= min_visibility]
    if max_aspect is not None:
        kept = [i for i in kept if _aspect(_clip(i['bbox'], image.img_shape)) <= max_aspect]
    return kept


def _sides(bbox: Sequence[float]) -> tuple[float, float]:
    return bbox[2] - bbox[0], bbox[3] - bbox[1]


def _aspect(bbox: Sequence[float]) -> float:
    """Longer side of a crop to its shorter one; it has every pixel that the box touches."""
    sides = ceil(bbox[2]) - floor(bbox[0]), ceil(bbox[3]) - floor(bbox[1])
    return max(sides) / min(sides)


def _visibility(instance: dict, instances: Sequence[dict]) -> float:
    """Fraction of a box that is free of the object which covers most of it."""
    others = np.array([other['bbox'] for other in instances if other is not instance], dtype=float).reshape(-1, 4)
    x1, y1, x2, y2 = instance['bbox']
    widths = np.minimum(others[:, 2], x2) - np.maximum(others[:, 0], x1)
    heights = np.minimum(others[:, 3], y2) - np.maximum(others[:, 1], y1)
    covered = np.maximum(widths, 0) * np.maximum(heights, 0)
    return 1 - covered.max(initial=0) / ((x2 - x1) * (y2 - y1))


def _clip(bbox: Sequence[float], img_shape: tuple[int, int]) -> tuple[float, ...]:
    """Cut a box at the image border, as mmdet does with the boxes that it trains on: label tools overshoot."""
    height, width = img_shape
    x1, y1, x2, y2 = bbox
    return max(x1, 0), max(y1, 0), min(x2, width), min(y2, height)
