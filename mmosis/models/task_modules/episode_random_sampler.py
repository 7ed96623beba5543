"""EpisodeRandomSampler: mmdet's RandomSampler, seeded by the training sample instead of the process."""

from mmdet.models.task_modules import AssignResult, RandomSampler, SamplingResult
from mmdet.registry import TASK_UTILS
from mmengine.structures import InstanceData

from mmosis.utils.rng import seeded


@TASK_UTILS.register_module()
class EpisodeRandomSampler(RandomSampler):
    """mmdet's ``RandomSampler`` whose choice is a function of the sample's (seed, draw number) and its episode's
    number.

    So the anchors and regions that a sample is trained on do not depend on the batch, the rank or a resume. Arguments
    are ``RandomSampler``'s.
    """

    def sample(
        self, assign_result: AssignResult, pred_instances: InstanceData, gt_instances: InstanceData, **kwargs
    ) -> SamplingResult:
        """Sample positive and negative regions.

        Raises:
            ValueError: If ``gt_instances`` carries no draw number.
        """
        if 'draw' not in gt_instances.metainfo:
            raise ValueError(
                'EpisodeRandomSampler needs the draw (seed, number) of a sample, which OneShotCocoDataset and '
                "PackOneShotInputs put on gt_instances; with other data use type='RandomSampler'"
            )
        seed, *draw = gt_instances.draw
        with seeded(seed, 'regions', *draw):
            return super().sample(assign_result, pred_instances, gt_instances, **kwargs)
