# Every position is compared with the part of the reference that it attends to, in place of the mean; the paper's head.
matcher = dict(match_neck=dict(type='CrossAttentionMatchNeck', grid_size=7, num_heads=8))
