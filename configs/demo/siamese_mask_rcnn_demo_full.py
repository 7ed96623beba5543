# The demo on all 80 categories: nothing is held out (paper section 6.1, Table 1).
_base_ = './siamese_mask_rcnn_demo_s1.py'

split = None
train_dataloader = dict(dataset=dict(split=split, phase='all'))
test_dataloader = dict(dataset=dict(split=split, phase='all'))
