# All 80 categories.
_base_ = '../_base_/siamese_mask_rcnn_published.py'

train_dataloader = dict(dataset=dict(phase='all'))
val_dataloader = dict(dataset=dict(phase='all'))
test_dataloader = dict(dataset=dict(phase='all'))
