# Split S2: make_cluttered_omniglot.py --split 2
_base_ = './siamese_mask_rcnn_omniglot.py'

split = 2
data_root = 'data/omniglot_s2/'
train_dataloader = dict(dataset=dict(data_root=data_root, split=split))
test_dataloader = dict(dataset=dict(data_root=data_root, split=split))
