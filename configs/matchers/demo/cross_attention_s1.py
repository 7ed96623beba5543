# Every position is compared with the part of the reference that it attends to, in place of the mean.
_base_ = '../../demo/siamese_mask_rcnn_demo_s1.py'

model = dict(match_neck=dict(type='CrossAttentionMatchNeck', grid_size=7, num_heads=8))
