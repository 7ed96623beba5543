"""RandomZoom: the window holds the object, which comes to the drawn size."""

import numpy as np
import pytest
import torch
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import HorizontalBoxes

from mmosis.datasets.transforms.formatting import OTHER
from mmosis.utils.rng import seeded

SETTINGS = dict(type='RandomZoom', window_size=128, object_size=(32, 64), max_enlargement=4.0)


def sample(bboxes: list, labels: list[int], shape: tuple[int, int] = (400, 600)) -> dict:
    return dict(
        img=np.zeros((*shape, 3), np.uint8),
        img_shape=shape,
        gt_bboxes=HorizontalBoxes(torch.tensor(bboxes, dtype=torch.float32).reshape(-1, 4)),
        gt_bboxes_labels=np.array(labels),
        gt_ignore_flags=np.zeros(len(labels), bool),
    )


def zoom(results: dict, seed: int = 0, **settings) -> dict:
    with seeded(seed):
        return TRANSFORMS.build({**SETTINGS, **settings}).transform(results)


def test_the_object_comes_to_the_drawn_size_and_its_centre_is_in_the_window() -> None:
    sizes = []
    for seed in range(50):
        found = zoom(sample([[200, 150, 240, 190]], [0]), seed)
        height, width = found['img'].shape[:2]
        assert height == width
        (bbox,) = found['gt_bboxes'].tensor.tolist()
        assert 0 <= bbox[0] < width
        assert 0 <= bbox[1] < height
        sizes.append(40 * 128 / width)
    assert 31 <= min(sizes) < 36
    assert 56 < max(sizes) <= 65


def test_an_enlargement_has_its_bound() -> None:
    found = zoom(sample([[100, 100, 104, 104]], [0]), max_enlargement=2.0)
    assert found['img'].shape[:2] == (64, 64)


def test_an_image_that_is_smaller_than_the_window_bounds_it() -> None:
    found = zoom(sample([[10, 10, 90, 90]], [0], shape=(100, 300)), object_size=(32, 32))
    assert found['img'].shape[:2] == (100, 300)


def test_a_searched_object_comes_before_others() -> None:
    for seed in range(20):
        found = zoom(sample([[0, 0, 30, 30], [500, 300, 530, 330]], [OTHER, 1]), seed, object_size=(60, 60))
        assert 1 in found['gt_bboxes_labels'].tolist()


def test_without_a_searched_one_any_other_does_and_without_any_the_image_stays() -> None:
    assert zoom(sample([[0, 0, 30, 30]], [OTHER]))['gt_bboxes_labels'].tolist() == [OTHER]
    assert zoom(sample([], []))['img'].shape[:2] == (400, 600)


@pytest.mark.parametrize('wrong', [dict(object_size=(64, 32)), dict(window_size=8), dict(max_enlargement=0)])
def test_settings_out_of_range_are_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match='RandomZoom needs object_size from low to high above 0'):
        zoom(sample([], []), **wrong)
