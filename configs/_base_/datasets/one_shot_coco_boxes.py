# COCO 2017 under the one-shot protocol for detectors without masks.
_base_ = './one_shot_coco.py'

train_pipeline = [
    dict(type='LoadImage', backend_args=_base_.backend_args),
    dict(type='LoadAnnotations', with_bbox=True),
    *_base_.resize,
    dict(type='PackOneShotInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))

val_evaluator = dict(metric=['bbox'])
test_evaluator = val_evaluator
