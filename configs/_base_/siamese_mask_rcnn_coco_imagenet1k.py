# The same from a ResNet-50 that was trained on all of ImageNet, torchvision's: stride on the 3x3, its mean and std.
_base_ = './siamese_mask_rcnn_coco.py'

model = dict(
    data_preprocessor=dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]),
    backbone=dict(
        norm_cfg=dict(type='BN', eps=1e-5, requires_grad=True),
        style='pytorch',
        init_cfg=dict(checkpoint='torchvision://resnet50', pretraining='ImageNet-1k'),
    ),
)
