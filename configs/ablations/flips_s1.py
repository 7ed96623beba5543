# The published code does not flip. Do mirrored images help, as everywhere else in detection?
_base_ = '../siamese_mask_rcnn_s1.py'

train_dataloader = dict(
    dataset=dict(pipeline=[*_base_.train_pipeline[:2], dict(type='RandomFlip', prob=0.5), *_base_.train_pipeline[2:]])
)
