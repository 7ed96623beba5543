"""BinaryRoIHead: match or non-match, one box and one mask a region."""

from mmdet.models import StandardRoIHead
from mmdet.registry import MODELS
from mmdet.utils import ConfigType, InstanceList
from torch import Tensor

from mmosis.structures import RLEMasks


@MODELS.register_module()
class BinaryRoIHead(StandardRoIHead):
    """Classify regions as match or non-match, refine their box and draw one mask (paper section 4.4).

    mmdet's standard head with one class, class-agnostic boxes and a class-agnostic mask. Episodes without proposals,
    without instances or without detections give zero losses or empty results.

    Masks of test results come run-length encoded, episode by episode, so that no more than one episode's full masks are
    in memory.

    Args:
        bbox_head: mmdet box head; ``num_classes`` and ``reg_class_agnostic`` are set here.
        mask_head: mmdet mask head or None; ``num_classes`` and ``class_agnostic`` are set here.
        **kwargs: ``StandardRoIHead``'s.

    Raises:
        ValueError: If a head is configured for more than one class.
    """

    def __init__(self, *args, bbox_head: ConfigType, mask_head: ConfigType | None = None, **kwargs) -> None:
        bbox_head = _binary(bbox_head, 'bbox_head', reg_class_agnostic=True)
        if mask_head is not None:
            mask_head = _binary(mask_head, 'mask_head', class_agnostic=True)
        super().__init__(*args, bbox_head=bbox_head, mask_head=mask_head, **kwargs)

    def bbox_loss(self, x: tuple[Tensor], sampling_results: list) -> dict:
        """As the host's, with a zero loss where no region was sampled: the host leaves it out, and DDP would hang."""
        results = super().bbox_loss(x, sampling_results)
        for name, prediction in (('loss_cls', 'cls_score'), ('loss_bbox', 'bbox_pred')):
            results['loss_bbox'].setdefault(name, results[prediction].sum() * 0)
        return results

    def predict_mask(
        self, x: tuple[Tensor], batch_img_metas: list[dict], results_list: InstanceList, rescale: bool = False
    ) -> InstanceList:
        """Predict the masks of one episode after the other, and encode them as each finishes.

        Args:
            x: L levels of matched features, each (E, C, H_l, W_l).
            batch_img_metas: E meta dicts.
            results_list: E results with boxes in the network's frame.
            rescale: Whether masks and boxes are wanted in the original image's frame.

        Returns:
            list: The E results with ``masks`` as :class:`~mmosis.structures.RLEMasks`.
        """
        results = []
        for i, (meta, instances) in enumerate(zip(batch_img_metas, results_list, strict=True)):
            episode = tuple(feat[i : i + 1] for feat in x)
            (result,) = super().predict_mask(episode, [meta], [instances], rescale)
            result.masks = RLEMasks.encode(result.masks.cpu().numpy())
            results.append(result)
        return results


def _binary(head: ConfigType, name: str, **settings: bool) -> ConfigType:
    """Copy a head's config with one class; the caller's stays as it is."""
    if head.get('num_classes', 1) != 1:
        raise ValueError(f'{name} tells match from non-match: num_classes must be 1, got {head["num_classes"]}')
    return type(head)({**head, 'num_classes': 1, **settings})
