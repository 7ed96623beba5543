"""Transforms from an annotated image to a reference crop."""

import numpy as np
from mmcv.transforms import BaseTransform
from mmdet.registry import TRANSFORMS
from mmdet.structures.mask import BitmapMasks

from mmosis.utils.masks import decode_segmentation
from mmosis.utils.reference_crop import crop_reference, fit_mask, fit_square


@TRANSFORMS.register_module()
class LoadReferenceMask(BaseTransform):
    """Load the mask of the reference, so that its features are averaged over the object alone.

    The paper averages over the complete crop and its padding; masks are unused there. A reference whose mask is not
    taken is averaged as in the paper. It stands after ``LoadImage`` and needs a sampler with ``with_masks=True``.

    Required keys: ``img``; ``ref_segmentation``: polygons, RLE or an array (H, W).

    Added keys: ``gt_masks``, one bitmap (H, W), 0 or 255, or None where the mask is not taken. It is mmdet's name:
    its transforms change the mask with the image.

    Args:
        prob: Probability that the mask is taken, so that a training sees references with and without.

    Raises:
        ValueError: If it is no probability.
    """

    def __init__(self, prob: float = 1.0) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'prob must be in 0-1, got {prob}')
        self.prob = prob

    def transform(self, results: dict) -> dict:
        """Load the mask, or set it to None.

        Raises:
            ValueError: If the reference has no mask, or one that is empty or of another size than the image.
        """
        if np.random.random() >= self.prob:
            return dict(results, gt_masks=None)
        name = f'annotation {results.get("ann_id")} of {results.get("img_path")}'
        if results.get('ref_segmentation') is None:
            raise ValueError(
                f'{name} came without its mask; LoadReferenceMask needs a reference_sampler with with_masks=True, and '
                'masks in the annotation file'
            )
        try:
            mask = decode_segmentation(results['ref_segmentation'], results['img'].shape[:2])
        except ValueError as error:
            raise ValueError(f'{error}; it is {name}') from error
        return dict(results, gt_masks=to_bitmap(255 * mask))


@TRANSFORMS.register_module()
class CropReference(BaseTransform):
    """Cut the reference out of its image by its box (paper section 5.1).

    Required keys: ``img``, ``ref_bbox`` (4,) xyxy, float pixels of the original image.

    Changed keys: ``img``, ``img_shape``, and ``gt_masks`` where there is one or ``mark_box``.

    Args:
        margin: Context to keep on each side, as a fraction of the box's size. The paper crops without any (0) and names
            that as a weakness.
        mark_box: Whether a reference without a mask gets its box for one, so that the context is seen by the network,
            but features are averaged over the box alone.
    """

    def __init__(self, margin: float = 0.0, mark_box: bool = False) -> None:
        self.margin, self.mark_box = margin, mark_box

    def transform(self, results: dict) -> dict:
        """Crop.

        Raises:
            ValueError: If the box has no area or is not inside the image; the annotation is named.
        """
        try:
            crop, mask = self.cut(results['img'], results['ref_bbox'], taken_mask(results))
        except ValueError as error:
            raise ValueError(
                f'{error}; it is annotation {results.get("ann_id")} of {results.get("img_path")}'
            ) from error
        if mask is not None:
            results['gt_masks'] = to_bitmap(mask)
        results.update(img=crop, img_shape=crop.shape[:2])
        return results

    def cut(self, img: np.ndarray, bbox: np.ndarray, mask: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
        """Cut as :func:`crop_reference` does; a subclass may have another rule."""
        return crop_reference(img, bbox, mask, self.margin, self.mark_box)


@TRANSFORMS.register_module()
class ResizeReference(BaseTransform):
    """Resize a reference so that its longer side is ``size``, and zero-pad it to a square (paper section 5.1).

    The crop is centred in the square, as in the published code. Padding is 0 before the mean is subtracted, so it
    becomes minus the mean, in the image's padding as in this one. mmdet's ``Resize`` and ``Pad`` pad at the right and
    bottom only, and fail where the shorter side rounds to 0.

    Changed keys: ``img`` (size, size, 3), ``img_shape``, and ``gt_masks`` where there is one.

    Args:
        size: Side of the square in pixels.
        keep_ratio: Whether the crop keeps its shape, as in the paper; else it is stretched to the square, so that
            nothing is padded, as RoIAlign stretches a region.
    """

    def __init__(self, size: int, keep_ratio: bool = True) -> None:
        self.size, self.keep_ratio = size, keep_ratio

    def transform(self, results: dict) -> dict:
        """Resize and pad."""
        results.update(img=fit_square(results['img'], self.size, self.keep_ratio), img_shape=(self.size, self.size))
        mask = taken_mask(results)
        if mask is not None:
            results['gt_masks'] = to_bitmap(fit_mask(mask, self.size, self.keep_ratio))
        return results


def taken_mask(results: dict) -> np.ndarray | None:
    """The mask (H, W) of a reference, if it was taken."""
    return None if results.get('gt_masks') is None else results['gt_masks'].masks[0]


def to_bitmap(mask: np.ndarray) -> BitmapMasks:
    """Hold one mask (H, W) as mmdet's transforms take it."""
    return BitmapMasks(mask[None], *mask.shape)
