"""From images with several episodes to one sample an episode, as mmdet's losses take them."""

from collections import defaultdict
from collections.abc import Sequence

import torch
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import get_box_tensor
from mmengine.structures import InstanceData
from torch import Tensor


def group_by_pad_shape(
    samples: Sequence[DetDataSample], batch_shape: Sequence[int]
) -> dict[tuple[int, int], list[int]]:
    """Group the images of a batch by their size before the batch was padded to that of the largest.

    Args:
        samples: B samples with the ``pad_shape`` of mmdet's preprocessor; one without it has the batch's.
        batch_shape: (h, w) of the batch.

    Returns:
        dict: Positions in the batch by (h, w).
    """
    groups = defaultdict(list)
    for position, sample in enumerate(samples):
        groups[tuple(sample.get('pad_shape', batch_shape))].append(position)
    return dict(groups)


def repeat_feats(feats: Sequence[Tensor], counts: Sequence[int]) -> tuple[Tensor, ...]:
    """Repeat the pyramids of B images (B, C, H_l, W_l) for their episodes (N, C, H_l, W_l); counts has B numbers."""
    if all(count == 1 for count in counts):
        return tuple(feats)
    repeats = torch.tensor(counts, device=feats[0].device)
    return tuple(feat.repeat_interleave(repeats, dim=0) for feat in feats)


def count_episodes(sample: DetDataSample) -> int:
    """Count the episodes of a training sample; without ``episodes`` it has one."""
    return len(sample.get('episodes', [None]))


def split_by_episode(sample: DetDataSample) -> list[DetDataSample]:
    """Make a training sample for each episode of an image: what matches in that episode has label 0 there.

    Args:
        sample: ``gt_instances`` and ``ignored_instances`` are labelled by the number of the episode that they match.
    """
    if count_episodes(sample) == 1:
        return [sample]
    return [_sample_of(sample, number) for number in range(len(sample.episodes))]


def _sample_of(sample: DetDataSample, number: int) -> DetDataSample:
    episode = DetDataSample(metainfo=dict(sample.metainfo, episodes=[sample.episodes[number]]))
    episode.gt_instances = _of_label(sample.gt_instances, number)
    # Each episode samples regions of its own.
    episode.gt_instances.set_metainfo(dict(draw=(*sample.gt_instances.draw, *([number] if number else []))))
    episode.ignored_instances = _of_label(sample.ignored_instances, number)
    if 'other_instances' in sample:
        episode.other_instances = _others(sample.gt_instances, number, sample.other_instances)
        episode.other_ignored_instances = _others(sample.ignored_instances, number, sample.other_ignored_instances)
    return episode


def _of_label(instances: InstanceData, label: int) -> InstanceData:
    kept = instances[instances.labels == label]
    kept.labels = torch.zeros_like(kept.labels)
    return kept


def _others(instances: InstanceData, label: int, others: InstanceData) -> InstanceData:
    """Join instances of the image's other episodes and those of no episode; boxes and labels only."""
    apart = instances[instances.labels != label]
    bboxes = torch.cat([get_box_tensor(apart.bboxes), get_box_tensor(others.bboxes)])
    return InstanceData(bboxes=bboxes, labels=torch.cat([apart.labels, others.labels]))
