# The paper's configuration on COCO, for matchers that compare regions.
_base_ = '../../siamese_mask_rcnn_s1.py'

# Stretched to the square, a reference looks as RoIAlign makes the regions that it is compared with.
ref_pipeline = [
    dict(type='LoadImage', backend_args=_base_.backend_args),
    dict(type='CropReference'),
    dict(type='ResizeReference', size=_base_.ref_size, keep_ratio=False),
    dict(type='PackReference'),
]
train_dataloader = dict(dataset=dict(ref_pipeline=ref_pipeline))
val_dataloader = dict(dataset=dict(ref_pipeline=ref_pipeline))
test_dataloader = dict(dataset=dict(ref_pipeline=ref_pipeline))
