# Must the backbone be held for the first 1000 steps? Here all layers are trained from step 0.
_base_ = '../siamese_mask_rcnn_s1.py'

custom_hooks = []
find_unused_parameters = False
