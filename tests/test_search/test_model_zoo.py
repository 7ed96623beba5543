"""The model in the box: found by name, small, and made by what its config says."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmosis.compat.checkpoint import load_weights_file
from mmosis.search import OneShotInferencer
from mmosis.search.model_zoo import find_model
from mmosis.synthetic import CATEGORIES
from mmosis.synthetic.categories import VOCABULARIES

LIMIT = 20e6  # bytes


def test_the_model_in_the_box_is_small_and_plain() -> None:
    config, weights = find_model()
    assert Path(config).name == 'siamese_mask_rcnn_pocket.py'
    assert Path(weights).stat().st_size < LIMIT
    checkpoint = load_weights_file(weights)
    assert set(checkpoint) == {'meta', 'state_dict'}
    assert {tensor.dtype for tensor in checkpoint['state_dict'].values()} == {torch.float16}


def test_its_training_scenes_show_no_category_of_the_fixed_test_set() -> None:
    """What the planner makes of this vocabulary is tested in test_planning.py."""
    cfg = Config.fromfile(find_model()[0])
    assert cfg.scenes.train.vocabulary == 'rich'
    assert VOCABULARIES['rich'].reserved == set(CATEGORIES)
    assert cfg.train_dataloader.dataset.data_root in cfg.scenes.train.out_dir
    assert cfg.test_dataloader.dataset.data_root in cfg.scenes.test.out_dir
    assert 'vocabulary' not in cfg.scenes.test


def test_it_loads_by_name_and_finds_an_object_by_itself(scene: tuple) -> None:
    """The reference is cut from the searched scene: that object is found, with its mask."""
    inferencer = OneShotInferencer(device='cpu', show_progress=False)
    instance = max(scene.instances, key=lambda instance: instance.mask.sum())
    rows, columns = np.flatnonzero(instance.mask.any(1)), np.flatnonzero(instance.mask.any(0))
    box = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    found = inferencer.search(scene.image, inferencer.encode(dict(img=scene.image, bbox=box)))
    masks = found.masks.numpy()[found.scores > 0.5]
    ious = (masks & instance.mask).sum((1, 2)) / (masks | instance.mask).sum((1, 2))
    assert ious.max() > 0.7


def test_another_name_is_refused() -> None:
    with pytest.raises(ValueError, match=r'comes with mmosis; it has siamese_mask_rcnn_pocket\. Of'):
        find_model('siamese_mask_rcnn_demo_s1')
