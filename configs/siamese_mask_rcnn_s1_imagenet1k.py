# S1 where there is no leak-free backbone: its one-shot figures leak, since ImageNet-1k shows the one-shot categories.
_base_ = './_base_/siamese_mask_rcnn_coco_imagenet1k.py'

split = 1
train_dataloader = dict(dataset=dict(split=split))
val_dataloader = dict(dataset=dict(split=split))
test_dataloader = dict(dataset=dict(split=split))
