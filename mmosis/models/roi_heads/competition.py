"""Which of the batch's references a region shows: the decision that match or non-match does not ask for."""

import torch
import torch.nn.functional as F
from mmdet.models.task_modules import SamplingResult
from mmdet.structures import SampleList
from torch import Tensor


def searched_cat_ids(samples: SampleList) -> Tensor:
    """Category ids (E,) that the samples' episodes search for."""
    return torch.tensor([sample.episodes[0].cat_id for sample in samples])


def matching_regions(sampling_results: list[SamplingResult], device: torch.device) -> tuple[Tensor, Tensor]:
    """Find the regions that match, among those of E episodes one after the other.

    Returns:
        tuple: Which of all R regions match, (R,) bool; and the episode of each that does, (P,).
    """
    # Of each episode's regions those that match come first.
    matches = torch.cat([torch.arange(len(r.priors)) < len(r.pos_priors) for r in sampling_results])
    episodes = [torch.full((len(r.pos_priors),), i) for i, r in enumerate(sampling_results)]
    return matches.to(device), torch.cat(episodes).to(device)


def competition_loss(logits: Tensor, own: Tensor, cat_ids: Tensor) -> Tensor:
    """Cross-entropy of the decision which of E references a region shows.

    "Match or non-match" within an image teaches little of how categories differ; the paper names the missing N+1-way
    decision as a weakness (section 7).

    Args:
        logits: (P, E), how much each region resembles each reference.
        own: (P,), its own reference.
        cat_ids: (E,). A reference of the same category is no other one; ids of several data sets that happen to
            be equal go out with it.

    Returns:
        Tensor: The mean over regions; 0, with a gradient, if there is none.
    """
    left_out = (cat_ids == cat_ids[own, None]).scatter(1, own[:, None], False)
    logits = logits.float().masked_fill(left_out, float('-inf'))
    return F.cross_entropy(logits, own, reduction='sum') / max(len(own), 1)
