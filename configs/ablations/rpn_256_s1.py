# Does the RPN need 512 channels? It is the largest single cost of a reference; mmdet's own has 256.
_base_ = '../siamese_mask_rcnn_s1.py'

model = dict(rpn_head=dict(feat_channels=256))
