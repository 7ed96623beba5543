# The demo on all 80 categories: nothing is held out (paper section 6.1, Table 1).
_base_ = './siamese_mask_rcnn_demo_s1.py'

train_dataloader = dict(dataset=dict(split=None, phase='all'))
test_dataloader = dict(dataset=dict(split=None, phase='all'))
