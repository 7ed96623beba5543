# The paper names references cropped without context as a weakness: does a margin of 20 % on each side help?
_base_ = './baseline.py'

ref_pipeline = [dict(step, margin=0.2) if step.type == 'CropReference' else step for step in _base_.ref_pipeline]
train_dataloader = dict(dataset=dict(ref_pipeline=ref_pipeline))
test_dataloader = dict(dataset=dict(ref_pipeline=ref_pipeline))
