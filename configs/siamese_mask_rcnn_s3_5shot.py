# Five references an episode, in training and testing.
_base_ = './siamese_mask_rcnn_s3.py'

num_references = 5
train_dataloader = dict(dataset=dict(num_references=num_references))
val_dataloader = dict(dataset=dict(num_references=num_references))
test_dataloader = dict(dataset=dict(num_references=num_references))
