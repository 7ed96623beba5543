# The paper's configuration on COCO, split S1, for matchers that compare regions.
_base_ = '../siamese_mask_rcnn_coco.py'

split = 1
# Stretched to the square, as RoIAlign stretches the regions that a reference is compared with.
ref_pipeline = [
    dict(step, keep_ratio=False) if step.type == 'ResizeReference' else step for step in _base_.ref_pipeline
]
train_dataloader = dict(dataset=dict(split=split, ref_pipeline=ref_pipeline))
val_dataloader = dict(dataset=dict(split=split, ref_pipeline=ref_pipeline))
test_dataloader = dict(dataset=dict(split=split, ref_pipeline=ref_pipeline))
