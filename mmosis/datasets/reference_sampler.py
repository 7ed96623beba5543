"""Which annotated instances serve as references."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from mmosis.structures import Reference


class ImageRecord(NamedTuple):
    """What the sampler needs to know of one image.

    Attributes:
        img_id: Its id in the annotation file.
        img_path: Its file.
        img_shape: (h, w) as the annotation file states it.
        instances: mmdet instance dicts with ``ann_id``, ``bbox`` (xyxy), ``bbox_label`` and ``ignore_flag``.
    """

    img_id: int
    img_path: str
    img_shape: tuple[int, int]
    instances: list[dict]


class ReferenceSampler:
    """Draws references: an image of the category first, uniformly, then an instance in it.

    This is the published code's order (an image with many instances is not preferred). The searched image is not
    drawn, as in the paper (section 5.2), unless ``same_image`` allows it, as the published code does. Crowds and
    degenerate boxes are never drawn. The index is built once; a draw costs the same however many annotations there are.

    Args:
        images: All images that references may come from.
        num: References an episode, K (shots).
        replace: True: K independent draws, as published, so a reference may come twice. False: K different images.
        same_image: Whether the searched image may give references.
    """

    def __init__(
        self, images: Iterable[ImageRecord], num: int = 1, replace: bool = True, same_image: bool = False
    ) -> None:
        if num < 1:
            raise ValueError(f'the number of references an episode must be at least 1, got {num}')
        self.num = num
        self.replace = replace
        self.same_image = same_image
        self._images: list[tuple[int, str, tuple[int, int]]] = []
        rows = []
        for index, image in enumerate(images):
            self._images.append(image[:3])
            rows += [
                (instance['bbox_label'], index, instance['ann_id'], *_clip(instance['bbox'], image.img_shape))
                for instance in image.instances
                if not instance['ignore_flag']
            ]
        self._build_index(rows)

    def _build_index(self, rows: list[tuple]) -> None:
        """Sort instances by (label, image) and note where each label's images and each image's instances begin."""
        rows.sort()
        self._ann_ids = np.array([row[2] for row in rows], dtype=np.int64)
        self._bboxes = np.array([row[3:] for row in rows], dtype=np.float64).reshape(-1, 4)
        pairs = np.array([row[:2] for row in rows], dtype=np.int64).reshape(-1, 2)
        groups, starts = np.unique(pairs, axis=0, return_index=True)
        spans = np.stack([groups[:, 1], starts, np.append(starts[1:], len(rows))], axis=1)
        self._groups: dict[int, np.ndarray] = {
            int(label): spans[groups[:, 0] == label] for label in np.unique(groups[:, 0])
        }

    @property
    def min_images(self) -> int:
        """Images that a category must have: enough to give references, and the searched one if it may not."""
        return (1 if self.replace else self.num) + (not self.same_image)

    def num_images(self, label: int) -> int:
        """Count the images that show a category."""
        return len(self._groups.get(label, ()))

    def draw(self, label: int, img_id: int, rng: np.random.Generator) -> tuple[Reference, ...]:
        """Draw K references of a category for an image that shows it.

        Args:
            label: Index of the category.
            img_id: The searched image, which is left out unless ``same_image``.
            rng: The generator of this draw.

        Raises:
            ValueError: If the category has too few images.
        """
        groups = self._groups.get(label, np.empty((0, 3), dtype=np.int64))
        if len(groups) < self.min_images:
            raise ValueError(
                f'category {label} needs {self.min_images} images to give {self.num} reference(s) from images other '
                f'than the searched one, got {len(groups)}'
            )
        if self.same_image:
            drawn = groups[rng.choice(len(groups), size=self.num, replace=self.replace)]
        else:
            rows = rng.choice(len(groups) - 1, size=self.num, replace=self.replace)
            drawn = [self._other(groups, int(row), img_id) for row in rows]
        return tuple(self._draw_instance(group, rng) for group in drawn)

    def _other(self, groups: np.ndarray, row: int, img_id: int) -> np.ndarray:
        """The row-th image, or the last one in place of the searched one: uniform over the others, in O(1)."""
        searched = self._images[groups[row, 0]][0] == img_id
        return groups[-1 if searched else row]

    def _draw_instance(self, group: np.ndarray, rng: np.random.Generator) -> Reference:
        image, start, end = (int(number) for number in group)
        row = int(rng.integers(start, end))
        img_id, img_path, img_shape = self._images[image]
        return Reference(int(self._ann_ids[row]), img_id, img_path, tuple(self._bboxes[row].tolist()), img_shape)


def _clip(bbox: Sequence[float], img_shape: tuple[int, int]) -> tuple[float, ...]:
    """Cut a box at the image border, as mmdet does with the boxes that it trains on: label tools overshoot."""
    height, width = img_shape
    x1, y1, x2, y2 = bbox
    return max(x1, 0), max(y1, 0), min(x2, width), min(y2, height)
