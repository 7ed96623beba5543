# The default model, fine-tuned from its checkpoint on one's own data, which tools/finetune.py enters.
_base_ = './siamese_mask_rcnn_lite.py'

# The checkpoint has all weights, so the package with the backbone's is not needed.
model = dict(backbone=dict(init_cfg=None))

max_iters = 500
train_cfg = dict(max_iters=max_iters)
optim_wrapper = dict(optimizer=dict(lr=2e-4))
param_scheduler = [dict(_base_.param_scheduler[0], end=50), dict(_base_.param_scheduler[1], begin=50, end=max_iters)]
split = 1
train_dataloader = dict(dataset=dict(_delete_=True, **{**_base_.photographs, 'split': split, 'phase': 'background'}))
test_dataloader = dict(dataset=dict(split=split, phase='one-shot'))
