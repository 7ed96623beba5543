# Cluttered Omniglot with the mask head that thin strokes need, for matchers that compare regions.
_base_ = '../../omniglot/siamese_mask_rcnn_omniglot_deep_mask.py'

ref_pipeline = _base_.stretched_ref_pipeline
train_dataloader = dict(dataset=dict(ref_pipeline=ref_pipeline))
test_dataloader = dict(dataset=dict(ref_pipeline=ref_pipeline))
