"""BinaryMixin: a RoI head of mmdet that classifies regions as match or non-match."""

from abc import abstractmethod

from mmdet.structures import SampleList
from mmdet.utils import InstanceList, MultiConfig, OptMultiConfig
from torch import Tensor, nn

from mmosis.structures import RLEMasks


class BinaryMixin:
    """Match or non-match on top of a RoI head of mmdet: ``class BinaryX(BinaryMixin, X)``.

    One class, class-agnostic boxes and a class-agnostic mask (paper section 4.4). Episodes without proposals, without
    instances or without detections give zero losses or empty results.

    Masks of test results come run-length encoded, episode by episode, so that no more than one episode's full masks are
    in memory.

    Args:
        bbox_head: mmdet box head, or one a stage; ``num_classes`` and ``reg_class_agnostic`` are set here.
        mask_head: mmdet mask head, or one a stage, or None; ``num_classes`` and ``class_agnostic`` are set here.
        **kwargs: Arguments of the mmdet RoI head.

    Raises:
        ValueError: If a head is configured for more than one class.
    """

    # Names of what the head needs of references beside the matched features, of those that the match neck keeps.
    reference_fields: tuple[str, ...] = ()

    def __init__(self, *args, bbox_head: MultiConfig, mask_head: OptMultiConfig = None, **kwargs) -> None:
        bbox_head = _binary(bbox_head, 'bbox_head', reg_class_agnostic=True)
        if mask_head is not None:
            mask_head = _binary(mask_head, 'mask_head', class_agnostic=True)
        super().__init__(*args, bbox_head=bbox_head, mask_head=mask_head, **kwargs)

    @abstractmethod
    def heads_by_loss(self) -> dict[str, nn.Module]:
        """Name the losses that mmdet omits where no region was sampled, and the head that each trains."""

    def loss(self, x: tuple[Tensor], rpn_results_list: InstanceList, batch_data_samples: SampleList) -> dict:
        """As mmdet's, with a zero for every loss that it omits: DDP would wait for the gradients."""
        losses = super().loss(x, rpn_results_list, batch_data_samples)
        for name, head in self.heads_by_loss().items():
            if name not in losses:
                losses[name] = sum(parameter.sum() for parameter in head.parameters()) * 0
        return losses

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
            result.masks = RLEMasks.encode(result.masks)
            results.append(result)
        return results


def _binary(head: MultiConfig, name: str, **settings: bool) -> MultiConfig:
    """Copy a head's config, or that of each stage, with one class; the caller's stays as it is."""
    if isinstance(head, list):
        return [_binary(stage, name, **settings) for stage in head]
    if head.get('num_classes', 1) != 1:
        raise ValueError(
            f'{name} classifies regions as match or non-match: num_classes must be 1, got {head["num_classes"]}'
        )
    return type(head)({**head, 'num_classes': 1, **settings})
