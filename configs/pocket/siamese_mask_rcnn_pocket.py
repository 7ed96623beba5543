# The model in the box: the demo's network, trained longer on 800 categories of richer scenes.
_base_ = ['../_base_/siamese_mask_rcnn_small.py', '../_base_/datasets/rich_scenes.py']

max_iters = 16000
train_cfg = dict(max_iters=max_iters)
param_scheduler = [
    dict(type='LinearLR', by_epoch=False, start_factor=0.01, begin=0, end=500),
    dict(type='CosineAnnealingLR', by_epoch=False, begin=500, end=max_iters, eta_min_ratio=0.01),
]
default_hooks = dict(checkpoint=dict(interval=1000))

# Photographs: larger ones are reduced to this longer side, in pixels. Scenes of the test set stay as they are.
search = dict(max_image_scale=512)
