# The published code to the letter, for its released checkpoints; S2 to S4 by --split. Frames, levels and rules are
# in projects/published; what is not said here is the paper's config, regions and losses of training among it.
_base_ = '../_base_/siamese_mask_rcnn_coco.py'

custom_imports = dict(imports=[*_base_.custom_imports.imports, 'mmosis.published'])
# The release asks for scikit-image 0.13.1. True: as from 0.15 on, which blurs before it shrinks.
anti_aliasing = False
box_coder = dict(type='PublishedBoxCoder', target_means=[0.0] * 4, target_stds=[0.1, 0.1, 0.2, 0.2])
roi_extractor = dict(_delete_=True, type='CropAndResizeExtractor', out_channels=384, featmap_strides=[4, 8, 16, 32])
model = dict(
    type='PublishedDetector',
    data_preprocessor=dict(type='PublishedDataPreprocessor'),
    backbone=dict(type='PublishedResNet', init_cfg=None),
    neck=dict(act_cfg=dict(type='ReLU')),
    rpn_head=dict(
        type='PublishedRPNHead',
        anchor_generator=dict(type='PublishedAnchorGenerator', ratios=[2.0, 1.0, 0.5]),
        bbox_coder=box_coder,
    ),
    roi_head=dict(
        type='PublishedRoIHead',
        bbox_roi_extractor=dict(roi_extractor, output_size=7),
        bbox_head=dict(type='PublishedBBoxHead', bbox_coder=box_coder),
        mask_roi_extractor=dict(roi_extractor, output_size=14),
        mask_head=dict(type='PublishedMaskHead', anti_aliasing=anti_aliasing),
    ),
    train_cfg=dict(rpn_proposal=dict(min_bbox_size=-1)),
    test_cfg=dict(rpn=dict(min_bbox_size=-1), rcnn=dict(score_thr=0.7)),
)

# ---------------------------------------------------------------- data
split = 1
image_sizes = (800, 1024)  # shorter side wanted, longer side at most
ref_sizes = (150, 192)
load = dict(type='LoadImage', backend_args=_base_.backend_args)
resize_image = dict(
    type='PublishedResize', min_size=image_sizes[0], max_size=image_sizes[1], anti_aliasing=anti_aliasing
)
meta_keys = ('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor', 'window', 'episodes', 'draw')
pack = dict(type='PackOneShotInputs', meta_keys=meta_keys)
train_pipeline = [load, dict(type='LoadAnnotations', with_bbox=True, with_mask=True), resize_image, pack]
test_pipeline = [load, resize_image, pack]
ref_pipeline = [
    load,
    dict(type='PublishedReference', image_sizes=image_sizes, ref_sizes=ref_sizes, anti_aliasing=anti_aliasing),
    dict(type='PackReference'),
]
train_dataloader = dict(dataset=dict(split=split, pipeline=train_pipeline, ref_pipeline=ref_pipeline))
val_dataloader = dict(dataset=dict(split=split, pipeline=test_pipeline, ref_pipeline=ref_pipeline))
test_dataloader = dict(dataset=dict(split=split, pipeline=test_pipeline, ref_pipeline=ref_pipeline))
