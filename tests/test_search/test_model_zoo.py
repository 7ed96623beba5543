"""The models that come with mmosis: found by name, small, and made by what its config says."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmosis.compat.checkpoint import load_weights_file
from mmosis.search import OneShotInferencer
from mmosis.search.model_zoo import find_model
from projects.scenes.synthetic import CATEGORIES, SceneConfig, make_scene
from projects.scenes.synthetic.categories import VOCABULARIES

LIMIT = 30e6  # bytes
POCKET = 'siamese_mask_rcnn_pocket'
MODELS = ('siamese_mask_rcnn_lite', POCKET)


def test_the_model_in_the_box_is_that_of_photographs() -> None:
    assert find_model() == find_model('siamese_mask_rcnn_lite')


@pytest.mark.parametrize('name', MODELS)
def test_models_of_the_package_are_small_and_plain(name: str) -> None:
    config, weights = find_model(name)
    assert Path(config).stem == name
    assert Path(weights).stat().st_size < LIMIT
    checkpoint = load_weights_file(weights)
    assert set(checkpoint) == {'meta', 'state_dict'}
    numbers = [tensor for tensor in checkpoint['state_dict'].values() if tensor.is_floating_point()]
    assert {tensor.dtype for tensor in numbers} == {torch.float16}


def test_drawn_training_scenes_show_no_category_of_the_fixed_test_set() -> None:
    """What the planner makes of this vocabulary is tested in test_planning.py."""
    cfg, lite = (Config.fromfile(find_model(name)[0]) for name in (POCKET, 'siamese_mask_rcnn_lite'))
    assert cfg.scenes.train.vocabulary == lite.scenes.drawn.vocabulary == 'rich'
    assert VOCABULARIES['rich'].reserved == set(CATEGORIES)
    assert cfg.train_dataloader.dataset.data_root in cfg.scenes.train.out_dir
    assert lite.scenes.drawn.out_dir in [part.data_root for part in lite.train_dataloader.dataset.datasets]
    assert cfg.test_dataloader.dataset.data_root in cfg.scenes.test.out_dir
    assert 'vocabulary' not in cfg.scenes.test


@pytest.mark.parametrize('name', MODELS)
def test_it_loads_by_name_and_finds_an_object_by_itself(name: str) -> None:
    """The reference is cut from the searched scene: that object is found, with its mask."""
    inferencer = OneShotInferencer(name, device='cpu', show_progress=False)
    scene = make_scene(1, 0, SceneConfig())
    image = np.ascontiguousarray(scene.image[..., ::-1])
    instance = max(scene.instances, key=lambda instance: instance.mask.sum())
    rows, columns = np.flatnonzero(instance.mask.any(1)), np.flatnonzero(instance.mask.any(0))
    box = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    found = inferencer.search(image, inferencer.encode(dict(img=image, bbox=box)))
    masks = found.masks.numpy()[found.scores > 0.5]
    ious = (masks & instance.mask).sum((1, 2)) / (masks | instance.mask).sum((1, 2))
    assert ious.max() > 0.7


def test_another_name_is_refused() -> None:
    with pytest.raises(
        ValueError,
        match=r': did you mean siamese_mask_rcnn_lite\? It has siamese_mask_rcnn_lite, siamese_mask_rcnn_pocket\. Of',
    ):
        find_model('siamese_mask_rcnn_demo_s1')
