# The paper names references cropped without context as a weakness: does a margin of 20 % on each side help?
_base_ = './baseline.py'

ref_pipeline = [
    dict(type='LoadImage'),
    dict(type='CropReference', margin=0.2),
    dict(type='ResizeReference', size=_base_.ref_size),
    dict(type='PackReference'),
]
train_dataloader = dict(dataset=dict(ref_pipeline=ref_pipeline))
test_dataloader = dict(dataset=dict(ref_pipeline=ref_pipeline))
