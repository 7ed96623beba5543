# Split S4: make_cluttered_omniglot.py --split 4
_base_ = './siamese_mask_rcnn_omniglot.py'

split = 4
data_root = 'data/omniglot_s4/'
train_dataloader = dict(dataset=dict(data_root=data_root, split=split))
test_dataloader = dict(dataset=dict(data_root=data_root, split=split))
