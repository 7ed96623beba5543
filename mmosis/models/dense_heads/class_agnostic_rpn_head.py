"""ClassAgnosticRPNHead: an RPN trained on the objects of all training categories."""

import torch
from mmdet.models import RPNHead
from mmdet.registry import MODELS
from mmdet.structures import DetDataSample, SampleList
from mmdet.utils import InstanceList
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from torch import Tensor


@MODELS.register_module()
class ClassAgnosticRPNHead(RPNHead):
    """mmdet's ``RPNHead`` that learns from all objects of the training's categories, not from those that match alone.

    In the paper an object of another category than the reference's is background to the RPN, which sees matched
    features. Where it sees only the image (:class:`LateMatchNeck`), the same object would be positive in one episode
    and negative in the next. Class-agnostic RPNs, as DE-ViT's (arXiv 2309.12969), learn from all.

    The others come from ``OneShotCocoDataset(keep_others=True)``; the RoI head's targets are those that match, as ever.
    Objects of held-out categories are none of them, so they count as background, as they do there. Arguments are
    ``RPNHead``'s.
    """

    def loss_and_predict(
        self, x: tuple[Tensor, ...], batch_data_samples: SampleList, proposal_cfg: ConfigDict | None = None
    ) -> tuple[dict, InstanceList]:
        """As mmdet's; ``other_instances`` and ``other_ignored_instances`` of the samples count too.

        Raises:
            ValueError: If a sample has no ``other_instances``.
        """
        return super().loss_and_predict(x, [_of_any_category(sample) for sample in batch_data_samples], proposal_cfg)


def _of_any_category(sample: DetDataSample) -> DetDataSample:
    """Make a sample with the objects of all categories, those that match first."""
    if 'other_instances' not in sample:
        raise ValueError(
            'ClassAgnosticRPNHead learns from objects of all categories, and a sample has only those of its episode; '
            "set keep_others=True in the data set, OneShotCocoDataset, or take type='RPNHead'"
        )
    joined = DetDataSample(metainfo=sample.metainfo)
    joined.gt_instances = _join(sample.gt_instances, sample.other_instances)
    joined.ignored_instances = _join(sample.ignored_instances, sample.other_ignored_instances)
    return joined


def _join(own: InstanceData, others: InstanceData) -> InstanceData:
    bboxes = torch.cat([own.bboxes, others.bboxes])
    # The draw number, which seeds the sampling of regions, is on the instances.
    return InstanceData(metainfo=own.metainfo, bboxes=bboxes, labels=bboxes.new_zeros(len(bboxes), dtype=torch.long))
