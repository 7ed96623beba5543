"""A pass of a search through the model: views of one side, each with its categories."""

from collections.abc import Sequence

import numpy as np
import torch
from mmengine.dataset import pseudo_collate

from mmosis.structures import EncodedReferences

from .pipeline import SearchPipeline
from .view_search import View


def make_pass(
    views: Sequence[View], images: Sequence[np.ndarray], queries: EncodedReferences, pipeline: SearchPipeline
) -> dict:
    """Make a batch for the model.

    Args:
        views: Of one side.
        images: What they are views of, each (H, W, 3) BGR uint8.
        queries: One row for each category of the bank.
        pipeline: Brings an image to a side.

    Returns:
        dict: What ``model.test_step`` takes: a sample a view, with the references of the view's labels.
    """
    data = pseudo_collate([pipeline(view.cut(images), view.side) for view in views])
    return dict(data, ref_inputs=[queries[torch.tensor(view.labels)] for view in views])
