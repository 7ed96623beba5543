"""The result of a call is printed as what was found."""

import numpy as np
import pytest
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData

from mmosis.search.search_result import SearchResult


def result(*images: tuple[list[int], list[float]]) -> SearchResult:
    predictions = [dict(labels=labels, scores=scores, bboxes=[]) for labels, scores in images]
    return SearchResult(predictions=predictions, visualization=[], classes=['coin', 'cup'])


@pytest.mark.parametrize(
    ('images', 'text'),
    [
        ([([0, 1, 0, 1, 0], [0.97, 0.9, 0.8, 0.6, 0.531])], '1 image: 5 objects (3 coin, 2 cup), scores 0.53-0.97'),
        ([([1], [0.75]), ([], [])], '2 images: 1 object (1 cup), scores 0.75-0.75'),
        ([([], [])], '1 image: 0 objects'),
    ],
)
def test_it_is_printed(images: list, text: str) -> None:
    found = result(*images)
    assert repr(found) == str(found) == text


def test_data_samples_too() -> None:
    sample = DetDataSample(pred_instances=InstanceData(labels=np.array([1, 1]), scores=np.array([0.9, 0.5])))
    found = SearchResult(predictions=[sample], visualization=[], classes=['coin', 'cup'])
    assert repr(found) == '1 image: 2 objects (2 cup), scores 0.50-0.90'


def test_it_is_the_dict_of_a_det_inferencer() -> None:
    assert result(([], [])) == dict(
        predictions=[dict(labels=[], scores=[], bboxes=[])], visualization=[], classes=['coin', 'cup']
    )
