"""From images with several episodes to one sample an episode, as the host's losses take them."""

from collections.abc import Sequence

import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from torch import Tensor


def repeat_feats(feats: Sequence[Tensor], counts: Sequence[int]) -> tuple[Tensor, ...]:
    """Lay the pyramids of B images (B, C, H_l, W_l) beside their episodes (N, C, H_l, W_l); counts has B of them."""
    if all(count == 1 for count in counts):
        return tuple(feats)
    repeats = torch.tensor(counts, device=feats[0].device)
    return tuple(feat.repeat_interleave(repeats, dim=0) for feat in feats)


def split_by_episode(sample: DetDataSample) -> list[DetDataSample]:
    """Make a training sample for each episode of an image: what matches in that episode has label 0 there.

    Args:
        sample: ``gt_instances`` and ``ignored_instances`` are labelled by the number of the episode that they match.
    """
    if len(sample.episodes) == 1:
        return [sample]
    return [_sample_of(sample, number) for number in range(len(sample.episodes))]


def _sample_of(sample: DetDataSample, number: int) -> DetDataSample:
    episode = DetDataSample(metainfo=dict(sample.metainfo, episodes=[sample.episodes[number]]))
    episode.gt_instances = _of_label(sample.gt_instances, number)
    if 'draw' in sample.gt_instances.metainfo:
        # Each episode draws regions of its own.
        episode.gt_instances.set_metainfo(dict(draw=(*sample.gt_instances.draw, *([number] if number else []))))
    if 'ignored_instances' in sample:
        episode.ignored_instances = _of_label(sample.ignored_instances, number)
    return episode


def _of_label(instances: InstanceData, label: int) -> InstanceData:
    kept = instances[instances.labels == label]
    kept.labels = torch.zeros_like(kept.labels)
    return kept
