"""Transforms that resize and pad images and references as the published code does."""

import numpy as np
from mmcv.transforms import BaseTransform
from mmdet.registry import TRANSFORMS
from mmdet.structures.mask import BitmapMasks

from mmosis.datasets import CropReference
from mmosis.utils.published_frame import PublishedFrame, frame_reference


@TRANSFORMS.register_module()
class PublishedResize(BaseTransform):
    """Resize an image to a square of a fixed size, zero-padded around.

    scale = max(1, min_size / shorter side), less where the longer side would be more than ``max_size``. Values are cut
    to integers, not rounded.

    Changed keys: ``img`` (max_size, max_size, 3), ``img_shape``, and where they are there ``gt_bboxes``, ``gt_masks``
    and ``ref_bbox``. Added keys: ``window``, the image within its padding, xyxy in pixels; ``scale_factor``.

    Args:
        min_size: Shorter side in pixels that is wanted.
        max_size: Longer side at most, and side of the square.
        anti_aliasing: Whether to blur before shrinking: see :func:`resize_bilinear`.
    """

    def __init__(self, min_size: int, max_size: int, anti_aliasing: bool) -> None:
        self.min_size, self.max_size, self.anti_aliasing = min_size, max_size, anti_aliasing

    def transform(self, results: dict) -> dict:
        """Resize and pad."""
        frame = PublishedFrame.of(results['img'].shape[:2], self.min_size, self.max_size)
        img = frame.image(results['img'], self.anti_aliasing)
        self._move_annotations(results, frame)
        results.update(img=img, img_shape=img.shape[:2], window=frame.window, scale_factor=(frame.scale, frame.scale))
        return results

    def _move_annotations(self, results: dict, frame: PublishedFrame) -> None:
        if 'gt_bboxes' in results:
            results['gt_bboxes'].rescale_((frame.scale, frame.scale))
            results['gt_bboxes'].translate_(frame.corner)
        if results.get('gt_masks') is not None:
            masks = [frame.mask(mask) for mask in results['gt_masks'].masks]
            results['gt_masks'] = BitmapMasks(masks, frame.side, frame.side)
        if 'ref_bbox' in results:
            results['ref_bbox'] = frame.box(results['ref_bbox'])


@TRANSFORMS.register_module()
class PublishedReference(CropReference):
    """Cut a reference out of its resized image, and resize it by the same rule.

    An image that is a reference in full is resized once, as the published code's ``detect`` does. The box is that
    of the annotation, scaled; the published code takes the extent of the resized mask, which can differ by a pixel.

    Required keys: ``img``, ``ref_bbox`` xyxy in pixels. Changed keys: ``img`` (max_size, max_size, 3), ``img_shape``,
    and ``gt_masks`` where there is one.

    Args:
        image_sizes: ``min_size`` and ``max_size`` of images.
        ref_sizes: The same of references.
        anti_aliasing: As in :class:`PublishedResize`.
    """

    def __init__(self, image_sizes: tuple[int, int], ref_sizes: tuple[int, int], anti_aliasing: bool) -> None:
        super().__init__()
        self.image_sizes, self.ref_sizes, self.anti_aliasing = image_sizes, ref_sizes, anti_aliasing

    def cut(self, img: np.ndarray, bbox: np.ndarray, mask: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
        """Cut and resize."""
        return frame_reference(img, bbox, mask, self.image_sizes, self.ref_sizes, self.anti_aliasing)
