"""Proposals of a small model with random weights; what recall is of them is proved in test_recall_by_size."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from search_model import write_weights
from tools_runner import DEMO

from analysis.search_plan import SearchPlan
from mmosis.apis import OneShotInferencer
from tools.analysis_tools import proposal_recall
from tools.analysis_tools.proposal_recall import measure_proposals


@pytest.fixture
def inferencer(tmp_path: Path) -> OneShotInferencer:
    weights = write_weights(tmp_path / 'weights.pth')
    return OneShotInferencer(str(DEMO), weights, 'cpu', show_progress=False, image_scale=128)


def test_objects_of_the_category_and_of_any(inferencer: OneShotInferencer, tiny_coco: Callable) -> None:
    folder = str(tiny_coco())
    measured = measure_proposals(inferencer, folder)
    searches = SearchPlan(folder).searches()
    found = [
        ([i for i in search.image.instances if not i['ignore_flag']], episode.label)
        for search in searches
        for episode in search.episodes
    ]
    of_category, of_any = (measured[name][0] for name in ('of the category', 'of any category'))
    assert of_any.num_objects == sum(len(instances) for instances, _ in found)
    assert of_category.num_objects == sum(i['bbox_label'] == label for instances, label in found for i in instances)
    for row in (of_category, of_any):
        assert 0 < row.recall_50[0] <= row.recall_50[1] <= row.recall_50[2] <= 1


def test_more_proposals_are_measured_than_a_search_takes(inferencer: OneShotInferencer, tiny_coco: Callable) -> None:
    """Best first, in the frame of the image."""
    search = SearchPlan(str(tiny_coco())).searches()[0]
    (bboxes, scores), *_ = proposal_recall._propose(inferencer, search)
    assert inferencer.model.rpn_head.test_cfg.max_per_img < len(scores) <= 1000
    assert (np.diff(scores) <= 0).all()
    height, width = search.image.img_shape
    assert bboxes.min() >= 0
    assert 0.9 * width < bboxes[:, [0, 2]].max() <= width
    assert 0.9 * height < bboxes[:, [1, 3]].max() <= height


def test_scales_are_joined_by_score() -> None:
    parts = [(np.ones((2, 4)), np.array([0.9, 0.1])), (np.zeros((1, 4)), np.array([0.5]))]
    bboxes, scores = proposal_recall._best(parts)
    assert scores.tolist() == [0.9, 0.5, 0.1]
    assert bboxes[:, 0].tolist() == [1, 0, 1]


def test_a_model_without_proposals_is_refused() -> None:
    with pytest.raises(TypeError, match='proposals are those of an RPN, and int has none'):
        measure_proposals(SimpleNamespace(model=1), 'folder')
