"""Which encodings belong to a model: those of the same weights, settings and reference pipeline."""

import numpy as np
import pytest
import torch
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from search_model import CONFIG, write_weights

import projects.published  # noqa: F401, its preprocessor registers itself
from mmosis.search import LightInferencer, OneShotInferencer, ReferenceBank
from mmosis.search.fingerprint import model_fingerprint
from mmosis.search.model_zoo import DEFAULT_MODEL, find_model
from mmosis.search.steps import without_loading

# As they were before settings were hashed; users have banks of these.
OF_THE_BOX = dict(
    siamese_mask_rcnn_lite='3fcefc0aefb7e60b1b7e4efd647901c6c7ae07ad5a78a05073ec873dccb79ae5',
    siamese_mask_rcnn_pocket='71a556326f216aea657b712a015017794e4dfec4fbc0cdd3557f3c509bbf0116',
)


@pytest.fixture(scope='module')
def state(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """Weights that all variants share."""
    path = write_weights(tmp_path_factory.mktemp('fingerprint') / 'weights.pth')
    return torch.load(path, weights_only=True)['state_dict']


def fingerprint(state: dict, model: dict | None = None, **crop: object) -> str:
    """Of the demo's model with other settings, or with another crop of references."""
    init_default_scope('mmdet')
    cfg = Config.fromfile(CONFIG)
    cfg.merge_from_dict(dict(model=model or {}))
    pipeline = without_loading(cfg.test_dataloader.dataset.ref_pipeline)
    pipeline = [dict(step, **(crop if step['type'] == 'CropReference' else {})) for step in pipeline]
    built = MODELS.build(cfg.model)
    built.load_state_dict(state)
    return model_fingerprint(built, cfg.model, pipeline)


def test_what_changes_features_changes_it(state: dict) -> None:
    fingerprints = [
        fingerprint(state),
        fingerprint(state, dict(data_preprocessor=dict(bgr_to_rgb=False))),
        fingerprint(state, dict(data_preprocessor=dict(mean=[1.0, 2.0, 3.0]))),
        fingerprint(state, dict(data_preprocessor=dict(std=[1.0, 2.0, 3.0]))),
        fingerprint(state, dict(data_preprocessor=dict(type='PublishedDataPreprocessor'))),
        fingerprint(state, dict(backbone=dict(strides=(1, 2, 2, 1)))),
        fingerprint(state, dict(backbone=dict(norm_cfg=dict(eps=0.1)))),
        fingerprint(state, dict(neck=dict(upsample_cfg=dict(mode='bilinear')))),
        fingerprint(state, margin=0.5),
        fingerprint(state, mark_box=True),
    ]
    assert len(set(fingerprints)) == len(fingerprints)
    assert fingerprint(state) == fingerprints[0]


def test_what_matters_in_training_alone_changes_nothing(state: dict) -> None:
    training = dict(frozen_stages=1, norm_eval=True, with_cp=True, init_cfg=None)
    assert fingerprint(state, dict(backbone=training, test_cfg=dict(rpn=dict(nms_pre=7)))) == fingerprint(state)


@pytest.mark.parametrize('name', OF_THE_BOX)
def test_banks_from_before_belong_to_the_models_in_the_box(name: str) -> None:
    inferencer = OneShotInferencer(name, device='cpu', show_progress=False)
    assert inferencer.fingerprint == OF_THE_BOX[name]
    assert name != DEFAULT_MODEL or LightInferencer(show_progress=False).fingerprint == OF_THE_BOX[name]


def test_another_channel_order_refuses_them() -> None:
    inferencer = OneShotInferencer(device='cpu', show_progress=False)
    cfg = inferencer.cfg.copy()
    cfg.model.data_preprocessor.bgr_to_rgb = False
    other = OneShotInferencer(cfg, str(find_model()[1]), 'cpu', show_progress=False)
    image = np.full((64, 64, 3), 100, np.uint8)
    bank = inferencer.encode(image)
    old = ReferenceBank(bank.entries, bank.thumbnails, bank.encoded, OF_THE_BOX[DEFAULT_MODEL])
    inferencer.search(image, old)
    with pytest.raises(ValueError, match='these references were encoded by another model'):
        other.search(image, old)
