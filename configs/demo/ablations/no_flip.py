# The published code does not flip, the demo does. Do mirrored images help?
_base_ = './baseline.py'

train_dataloader = dict(
    dataset=dict(
        pipeline=[
            dict(type='LoadImage'),
            dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
            *_base_.resize,
            dict(type='PackOneShotInputs'),
        ]
    )
)
