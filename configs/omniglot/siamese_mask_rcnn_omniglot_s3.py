# Split S3: make_cluttered_omniglot.py --split 3
_base_ = './siamese_mask_rcnn_omniglot.py'

data_root = 'data/omniglot_s3/'
train_dataloader = dict(dataset=dict(data_root=data_root, split=3))
test_dataloader = dict(dataset=dict(data_root=data_root, split=3))
