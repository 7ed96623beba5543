# Only 20 background characters, evenly spaced; the same test scenes: make_cluttered_omniglot.py --num-background 20
_base_ = ['../_base_/siamese_mask_rcnn_small.py', '../_base_/datasets/cluttered_omniglot_lists.py']

data_root = 'data/omniglot_20/'
train_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))
