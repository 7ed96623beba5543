# All 80 categories.
_base_ = './siamese_mask_rcnn_published.py'

split = None
train_dataloader = dict(dataset=dict(split=split, phase='all'))
val_dataloader = dict(dataset=dict(split=split, phase='all'))
test_dataloader = dict(dataset=dict(split=split, phase='all'))
