"""Pack what the transforms made into what the detector takes."""

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmdet.datasets.transforms import PackDetInputs
from mmdet.registry import TRANSFORMS
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import get_box_tensor
from mmengine.structures import InstanceData

OTHER = -1  # label of a training image's objects that are not of the episode's category


@TRANSFORMS.register_module()
class PackOneShotInputs(PackDetInputs):
    """mmdet's ``PackDetInputs`` that keeps the episodes and, in training, the draw that made the sample.

    ``data_samples.episodes`` is the sample's list of :class:`~mmosis.structures.Episode`; ``draw`` = (seed, d) is put
    on the sample and on ``gt_instances``, where :class:`~mmosis.models.EpisodeRandomSampler` finds it. In testing,
    ``img_shape`` is the image without its padding, so that detections are clipped to it, as in the published code.

    Where the data set keeps an image's other instances, they become ``other_instances`` and
    ``other_ignored_instances``, boxes and labels alone: ``gt_instances`` and ``ignored_instances`` are the episode's.

    Args:
        meta_keys: As in ``PackDetInputs``.
    """

    def __init__(
        self,
        meta_keys: tuple[str, ...] = (
            'img_id',
            'img_path',
            'ori_shape',
            'img_shape',
            'scale_factor',
            'flip',
            'flip_direction',
            'episodes',
            'draw',
        ),
    ) -> None:
        super().__init__(meta_keys=meta_keys)

    def transform(self, results: dict) -> dict:
        """Pack."""
        packed = super().transform(results)
        sample = packed['data_samples']
        if 'draw' in results:
            sample.gt_instances.set_metainfo(dict(draw=results['draw']))
            if results.get('keep_others'):
                _set_others_apart(sample)
        else:
            sample.set_metainfo(dict(img_shape=_unpadded_shape(results)))
        return packed


def _set_others_apart(sample: DetDataSample) -> None:
    """Take instances labelled ``OTHER`` out of a sample's own, with which they went through the transforms."""
    for own, apart in (('gt_instances', 'other_instances'), ('ignored_instances', 'other_ignored_instances')):
        instances = sample.get(own)
        is_other = instances.labels == OTHER
        setattr(sample, own, instances[~is_other])
        bboxes = get_box_tensor(instances.bboxes)[is_other]
        setattr(sample, apart, InstanceData(bboxes=bboxes, labels=instances.labels[is_other]))


def _unpadded_shape(results: dict) -> tuple[int, int]:
    """Size (h, w) of the image in the network input, without the padding at its right and bottom.

    mmdet's ``Pad`` counts its padding as image, so boxes could lie in it: outside of the original image, where mmdet
    fails to paste their masks.
    """
    if 'pad_shape' not in results:
        return results['img_shape']
    height, width = results['ori_shape']
    scale_w, scale_h = results.get('scale_factor', (1.0, 1.0))
    return round(height * scale_h), round(width * scale_w)


@TRANSFORMS.register_module()
class PackReference(BaseTransform):
    """Turn the finished reference crop into ``ref_inputs``: (3, h, w) BGR, uint8 or what a transform made of it.

    Where masks are in use, a fourth channel says where the object is, 0 to 255. It is 255 everywhere, in the padding
    too, if this reference's mask was not taken.
    """

    def transform(self, results: dict) -> dict:
        """Pack ``img`` (h, w, 3) and, where masks are in use, ``gt_masks``.

        Raises:
            ValueError: If a mask that was taken is empty in the crop.
        """
        image = results['img']
        if 'gt_masks' in results:
            image = np.dstack([image, _mask_channel(results).astype(image.dtype)])
        return dict(ref_inputs=torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1))))


def _mask_channel(results: dict) -> np.ndarray:
    """The mask of a reference, (h, w) uint8."""
    if results['gt_masks'] is None:
        return np.full(results['img'].shape[:2], 255, np.uint8)
    (mask,) = results['gt_masks'].masks
    if not mask.any():
        raise ValueError(
            'the mask of a reference must cover a part of its box, got none; correct annotation '
            f'{results.get("ann_id")} of {results.get("img_path")}'
        )
    return mask
