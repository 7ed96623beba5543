"""The passes of a search through the model: images at their scales, each with its categories of that scale."""

from collections.abc import Sequence

import torch
from mmengine.dataset import pseudo_collate

from mmosis.structures import EncodedReferences

from .pipeline import SearchPipeline
from .reference_bank import ReferenceBank
from .scales import ScaleSettings, group_by_scale


def make_passes(
    loaded: Sequence[dict],
    bank: ReferenceBank,
    queries: EncodedReferences,
    pipeline: SearchPipeline,
    settings: ScaleSettings,
    whole_shape: tuple[int, int] | None = None,
) -> list[dict]:
    """Make a batch for the model for each scale at which one of the images is searched.

    Args:
        loaded: Images as the pipeline loads them.
        bank: What is searched for.
        queries: One row for each category of the bank.
        pipeline: Brings an image to a scale.
        settings: Which scales there are.
        whole_shape: (h, w) of the image that they are tiles of.

    Returns:
        list[dict]: What ``model.test_step`` takes. A sample's ``search_image`` says which image it is, its
        ``search_labels`` which category each of its references is of.
    """
    groups = [group_by_scale(bank.sizes(), results['img_shape'], settings, whole_shape) for results in loaded]
    sides = dict.fromkeys(side for group in groups for side in group)
    return [_make_pass(side, loaded, groups, bank, queries, pipeline) for side in sides]


def _make_pass(
    side: int | None,
    loaded: Sequence[dict],
    groups: Sequence[dict],
    bank: ReferenceBank,
    queries: EncodedReferences,
    pipeline: SearchPipeline,
) -> dict:
    members = [number for number, group in enumerate(groups) if side in group]
    data = pseudo_collate([pipeline(loaded[number], side) for number in members])
    labels = [groups[number][side] for number in members]
    for number, of_image, sample in zip(members, labels, data['data_samples'], strict=True):
        sample.set_metainfo(dict(search_references=bank.pictures(), search_image=number, search_labels=of_image))
    return dict(data, ref_inputs=[queries[torch.tensor(of_image)] for of_image in labels])
