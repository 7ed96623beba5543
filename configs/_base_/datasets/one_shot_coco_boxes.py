# COCO 2017 under the one-shot protocol for detectors without masks.
_base_ = './one_shot_coco.py'

train_pipeline = [
    *_base_.train_pipeline[:1],
    dict(type='LoadAnnotations', with_bbox=True),
    *_base_.train_pipeline[2:],
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))

val_evaluator = dict(metric=['bbox'])
test_evaluator = val_evaluator
