"""LoadStoredReference: reads a reference from a store of crops."""

import cv2
from mmcv.transforms import BaseTransform
from mmdet.registry import TRANSFORMS

from mmosis.utils.crop_store import CropStore
from mmosis.utils.reference_picture import crop_mask, reduce_picture

from .reference import taken_mask, to_bitmap


@TRANSFORMS.register_module()
class LoadStoredReference(BaseTransform):
    """Read a reference as ``LoadImage`` and ``CropReference`` would make it, without decoding its image.

    It stands in the place of both, or of ``CropReference`` with ``LoadReferenceMask`` before it. How the crops were cut
    is the store's to say. Transforms that change the whole image come after it, and change the crop alone.

    Required keys: ``ann_id``, ``ref_bbox`` (4,) xyxy, ``height`` and ``width`` of the image; ``gt_masks`` where the
    mask is taken.

    Added keys: ``img`` (h, w, 3) uint8 BGR, ``img_shape``, and ``gt_masks`` where there is one or the store says
    ``mark_box``. Crops above the store's ``max_size`` come reduced to it, as ``ResizeReference`` reduces.

    Args:
        store: Folder of the store, as ``tools/dataset_converters/make_crop_store.py`` writes it.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If it is corrupt.
    """

    def __init__(self, store: str) -> None:
        self.store = CropStore(store)

    def transform(self, results: dict) -> dict:
        """Read the crop.

        Raises:
            ValueError: If the store does not have it, or has another box of it.
        """
        crop = self.store.read(results['ann_id'], results['ref_bbox'])
        frame = (results['height'], results['width'])
        mask = crop_mask(taken_mask(results), frame, results['ref_bbox'], self.store.margin, self.store.mark_box)
        if mask is not None:
            results['gt_masks'] = to_bitmap(reduce_picture(mask, crop.shape[:2], cv2.INTER_AREA))
        results.update(img=crop, img_shape=crop.shape[:2])
        return results
