# Five references an episode, split S1; the weights are those of one reference, or trained with five.
_base_ = './siamese_mask_rcnn_published.py'

num_references = 5
train_dataloader = dict(dataset=dict(num_references=num_references))
val_dataloader = dict(dataset=dict(num_references=num_references))
test_dataloader = dict(dataset=dict(num_references=num_references))
