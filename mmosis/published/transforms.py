"""The published code's pictures: resized in two steps of a rule, padded around."""

import numpy as np
from mmcv.transforms import BaseTransform
from mmdet.registry import TRANSFORMS

from mmosis.datasets import CropReference
from mmosis.utils.resize import resize_bilinear


@TRANSFORMS.register_module()
class PublishedResize(BaseTransform):
    """Resize an image to a square of a fixed size, zero-padded around.

    scale = max(1, min_size / shorter side), less where the longer side would be more than ``max_size``. Values are cut
    to whole ones, not rounded.

    Changed keys: ``img`` (max_size, max_size, 3), ``img_shape``, and where they are there ``gt_bboxes``, ``gt_masks``
    and ``ref_bbox``. Added keys: ``window``, the picture within its padding, xyxy in pixels; ``scale_factor``.

    Args:
        min_size: Shorter side in pixels that is wanted.
        max_size: Longer side at most, and side of the square.
        anti_aliasing: Whether to blur before shrinking: see :func:`resize_bilinear`.
    """

    def __init__(self, min_size: int, max_size: int, anti_aliasing: bool) -> None:
        self.min_size, self.max_size, self.anti_aliasing = min_size, max_size, anti_aliasing

    def transform(self, results: dict) -> dict:
        """Resize and pad."""
        scale = self._scale(*results['img'].shape[:2])
        size = tuple(round(side * scale) for side in results['img'].shape[:2])
        top, left = ((self.max_size - side) // 2 for side in size)
        canvas = np.zeros((self.max_size, self.max_size, 3), np.uint8)
        canvas[top : top + size[0], left : left + size[1]] = self._resize(results['img'], size)
        self._move_annotations(results, scale, size, (top, left))
        window = (left, top, left + size[1], top + size[0])
        results.update(img=canvas, img_shape=canvas.shape[:2], window=window, scale_factor=(scale, scale))
        return results

    def _scale(self, height: int, width: int) -> float:
        scale = max(1, self.min_size / min(height, width))
        longer = max(height, width)
        return self.max_size / longer if round(longer * scale) > self.max_size else scale

    def _resize(self, image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Resize (H, W, 3) uint8; an image of this size stays as it is."""
        if image.shape[:2] == size:
            return image
        return resize_bilinear(image, size, self.anti_aliasing).astype(np.uint8)

    def _move_annotations(self, results: dict, scale: float, size: tuple, corner: tuple) -> None:
        top, left = corner
        if 'gt_bboxes' in results:
            results['gt_bboxes'].rescale_((scale, scale))
            results['gt_bboxes'].translate_((left, top))
        if results.get('gt_masks') is not None:
            square = (self.max_size, self.max_size)
            results['gt_masks'] = results['gt_masks'].resize(size).expand(*square, top, left)
        if 'ref_bbox' in results:
            results['ref_bbox'] = np.asarray(results['ref_bbox']) * scale + (left, top, left, top)


@TRANSFORMS.register_module()
class PublishedReference(BaseTransform):
    """Cut a reference out of its resized image, and resize it by the same rule.

    A picture that is a reference as a whole is resized once, as the published code's ``detect`` does. The box is that
    of the annotation, scaled; the published code takes the extent of the resized mask, which can differ by a pixel.

    Required keys: ``img``, ``ref_bbox`` xyxy in pixels. Changed keys: ``img`` (ref_size, ref_size, 3), ``img_shape``,
    and ``gt_masks`` where there is one.

    Args:
        image_sizes: ``min_size`` and ``max_size`` of images.
        ref_sizes: The same of references.
        anti_aliasing: As in :class:`PublishedResize`.
    """

    def __init__(self, image_sizes: tuple[int, int], ref_sizes: tuple[int, int], anti_aliasing: bool) -> None:
        self.resize_image = PublishedResize(*image_sizes, anti_aliasing)
        self.resize_ref = PublishedResize(*ref_sizes, anti_aliasing)

    def transform(self, results: dict) -> dict:
        """Cut and resize.

        Raises:
            ValueError: If the box has no area or is not inside the image.
        """
        crop = CropReference()(dict(results))
        if crop['img_shape'] != results['img'].shape[:2]:
            crop = CropReference()(self.resize_image(dict(results)))
        return self.resize_ref(crop)
