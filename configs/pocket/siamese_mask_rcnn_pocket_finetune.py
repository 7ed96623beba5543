# The model of drawn scenes, trained on from its checkpoint on one's own data, which tools/finetune.py puts in.
_base_ = './siamese_mask_rcnn_pocket.py'

# The checkpoint has all weights, so those of the pre-training are not needed.
model = dict(
    backbone=dict(init_cfg=None),
    neck=dict(init_cfg=None),
    roi_head=dict(relation=dict(embed_init_cfg=None)),
)

max_iters = 500
train_cfg = dict(max_iters=max_iters)
optim_wrapper = dict(optimizer=dict(lr=2e-4))
param_scheduler = [dict(_base_.param_scheduler[0], end=50), dict(_base_.param_scheduler[1], begin=50, end=max_iters)]
train_dataloader = dict(dataset=dict(split=1, phase='background'))
