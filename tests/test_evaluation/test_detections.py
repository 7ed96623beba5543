import json

import numpy as np
import pytest
from random_sets import random_results, random_truth

from mmosis.evaluation import Detections


@pytest.fixture
def results() -> list[dict]:
    rng = np.random.default_rng(0)
    return random_results(rng, random_truth(rng, 1))


def test_results_come_back_as_json(results: list[dict]) -> None:
    rows = list(Detections.from_results(results).results())
    assert json.loads(json.dumps(rows)) == rows
    for row, result in zip(rows, results, strict=True):
        assert {key: row[key] for key in ('image_id', 'category_id', 'bbox', 'score')} == {
            key: result[key] for key in ('image_id', 'category_id', 'bbox', 'score')
        }
        assert row['segmentation']['counts'] == result['segmentation']['counts'].decode()
    assert list(Detections.from_results(rows).results()) == rows


def test_select_and_join(results: list[dict]) -> None:
    found = Detections.from_results(results)
    parts = [found[found.scores > 0.5], found[np.flatnonzero(found.scores <= 0.5)]]
    assert sum(map(len, parts)) == len(results)
    joined = Detections.cat(parts)
    assert sorted(joined.scores) == sorted(found.scores)
    assert len(joined.masks) == len(results)
    assert Detections.cat([found, Detections.from_results([])]).masks is None


def test_none_at_all() -> None:
    found = Detections.from_results([])
    assert (len(found), found.bboxes.shape, found.masks, list(found.results())) == (0, (0, 4), None, [])


@pytest.mark.parametrize('change', [dict(bbox=[1, 2, 3]), dict(score=None)])
def test_incomplete_detections_are_refused(results: list[dict], change: dict) -> None:
    broken = {key: value for key, value in {**results[0], **change}.items() if value is not None}
    with pytest.raises(ValueError, match=r"a detection must have \['bbox', 'category_id', 'image_id', 'score'\], bbox"):
        Detections.from_results([broken])


def test_masks_of_some_are_refused(results: list[dict]) -> None:
    del results[0]['segmentation']
    message = rf'either all detections have masks or none has, got {len(results) - 1} of {len(results)}'
    with pytest.raises(ValueError, match=message):
        Detections.from_results(results)


def test_joining_nothing_gives_nothing() -> None:
    assert len(Detections.cat([])) == 0
