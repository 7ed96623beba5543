# The lite model on split S1 of COCO: no detection training on the 20 held-out categories, neither on photographs nor on
# cut-outs. The backbone's ImageNet weights did see most of them, so one-shot figures leak.
_base_ = './siamese_mask_rcnn_lite.py'

# No variable `split`, which --split could change: the composed scenes are made for S1.
held_out = dict(split=1, phase='background')
photographs = {**_base_.photographs, **held_out}
more_photographs = {**_base_.more_photographs, **held_out}
composed_scenes = {**_base_.composed_scenes, 'data_root': 'data/composed/s1/'}
train_dataloader = dict(
    dataset=dict(
        datasets=[photographs, more_photographs, _base_.food, composed_scenes, _base_.drawn_scenes],
        weights=[0.3, 0.05, 0.1, 0.4, 0.15],
    )
)
test_dataloader = dict(dataset=dict(split=1, phase='one-shot'))

max_iters = 600
train_cfg = dict(max_iters=max_iters)
param_scheduler = [dict(_base_.param_scheduler[0], end=50), dict(_base_.param_scheduler[1], begin=50, end=max_iters)]
