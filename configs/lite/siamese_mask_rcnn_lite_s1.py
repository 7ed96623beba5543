# The lite model on split S1 of COCO: no detection training on the 20 held-out categories, neither on photographs nor on
# cut-outs. The backbone's ImageNet weights did see most of them, so one-shot figures leak.
_base_ = './siamese_mask_rcnn_lite.py'

split = 1
photographs = {**_base_.photographs, 'split': split, 'phase': 'background'}
composed_scenes = {**_base_.composed_scenes, 'data_root': 'data/composed/s1/'}
train_dataloader = dict(dataset=dict(datasets=[photographs, composed_scenes, _base_.drawn_scenes]))
test_dataloader = dict(dataset=dict(split=split, phase='one-shot'))

max_iters = 600
train_cfg = dict(max_iters=max_iters)
param_scheduler = [
    dict(type='LinearLR', by_epoch=False, start_factor=0.01, begin=0, end=50),
    dict(type='CosineAnnealingLR', by_epoch=False, begin=50, end=max_iters, eta_min_ratio=0.01),
]
