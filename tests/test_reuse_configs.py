"""What the configs of configs/reuse take from mmdet's own, and from those of Siamese Mask R-CNN."""

from pathlib import Path

import mmdet
from mmengine.config import Config
from test_config_differences import differences, read

MMDET_CONFIGS = Path(mmdet.__file__).parent / '.mim' / 'configs'


def test_boxes_alone_are_loaded_like_boxes_with_masks() -> None:
    boxes, masks = (
        read(f'configs/{name}_s1.py').train_dataloader.dataset.pipeline
        for name in ('reuse/siamese_faster_rcnn', 'siamese_mask_rcnn')
    )
    assert boxes == [{key: value for key, value in step.items() if key != 'with_mask'} for step in masks]


def test_cascade_has_the_stages_of_mmdets() -> None:
    model = read('configs/reuse/siamese_cascade_mask_rcnn_s1.py').model
    theirs = Config.fromfile(MMDET_CONFIGS / '_base_/models/cascade-mask-rcnn_r50_fpn.py').model
    assert model.roi_head.stage_loss_weights == theirs.roi_head.stage_loss_weights
    assert [head.bbox_coder for head in model.roi_head.bbox_head] == [
        head.bbox_coder for head in theirs.roi_head.bbox_head
    ]
    for stage, other in zip(model.train_cfg.rcnn, theirs.train_cfg.rcnn, strict=True):
        assert differences(stage.assigner, other.assigner) == {'ignore_iof_thr'}


def test_gfl_is_mmdets_but_for_the_matching() -> None:
    cfg = read('configs/reuse/siamese_gfl_s1.py')
    theirs = Config.fromfile(MMDET_CONFIGS / 'gfl/gfl_r50_fpn_1x_coco.py')
    assert differences(cfg.model.neck, theirs.model.neck) == set()
    assert differences(cfg.model.bbox_head, theirs.model.bbox_head) == {'num_classes', 'in_channels'}
    assert differences(cfg.model.train_cfg, theirs.model.train_cfg) == {'assigner.ignore_iof_thr'}
    assert differences(cfg.model.test_cfg, theirs.model.test_cfg) == {'score_thr'}
    assert differences(cfg.optim_wrapper.optimizer, theirs.optim_wrapper.optimizer) == set()
    assert 4 * cfg.train_dataloader.batch_size == cfg.auto_scale_lr.base_batch_size == 16
