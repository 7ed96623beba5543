# Siamese Mask R-CNN on all 80 categories (paper section 6.1, Table 1). The published model starts from ImageNet-1k and
# trains for 320,000 steps; there is no one-shot category that could leak.
_base_ = './_base_/siamese_mask_rcnn_coco_imagenet1k.py'

train_dataloader = dict(dataset=dict(phase='all'))
val_dataloader = dict(dataset=dict(phase='all'))
test_dataloader = dict(dataset=dict(phase='all'))

train_cfg = dict(max_iters=320000)
param_scheduler = [dict(type='MultiStepLR', by_epoch=False, milestones=[240000], gamma=0.1)]
