# Two whole alphabets held out, Greek and Latin: make_cluttered_omniglot.py --hold-out Greek Latin
_base_ = './siamese_mask_rcnn_omniglot.py'

data_root = 'data/omniglot_alphabets/'
train_dataloader = dict(dataset=dict(data_root=data_root))
test_dataloader = dict(dataset=dict(data_root=data_root))
