# Split S4: make_cluttered_omniglot.py --split 4
_base_ = './siamese_mask_rcnn_omniglot.py'

data_root = 'data/omniglot_s4/'
train_dataloader = dict(dataset=dict(data_root=data_root, split=4))
test_dataloader = dict(dataset=dict(data_root=data_root, split=4))
