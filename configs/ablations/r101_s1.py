# Does a deeper backbone help new categories? There is no leak-free ResNet-101, so compare with s1_imagenet1k.
_base_ = '../siamese_mask_rcnn_s1_imagenet1k.py'

model = dict(backbone=dict(depth=101, init_cfg=dict(checkpoint='torchvision://resnet101')))
