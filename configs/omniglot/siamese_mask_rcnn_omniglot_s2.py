# Split S2: make_cluttered_omniglot.py --split 2
_base_ = './siamese_mask_rcnn_omniglot.py'

data_root = 'data/omniglot_s2/'
train_dataloader = dict(dataset=dict(data_root=data_root, split=2))
test_dataloader = dict(dataset=dict(data_root=data_root, split=2))
