# Two complete alphabets held out, Greek and Latin: make_cluttered_omniglot.py --hold-out Greek Latin
_base_ = ['../_base_/siamese_mask_rcnn_small.py', '../_base_/datasets/cluttered_omniglot_lists.py']

data_root = 'data/omniglot_alphabets/'
train_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))
