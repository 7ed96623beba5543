# The published code does not flip. Do mirrored images help, as everywhere else in detection?
_base_ = '../siamese_mask_rcnn_s1.py'

train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='LoadImage', backend_args=_base_.backend_args),
            dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
            dict(type='RandomFlip', prob=0.5),
            *_base_.resize,
            dict(type='PackOneShotInputs'),
        ]
    )
)
