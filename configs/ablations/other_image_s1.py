# In training the paper may cut a reference out of the searched image. Does a reference from another image teach more?
_base_ = '../siamese_mask_rcnn_s1.py'

train_dataloader = dict(dataset=dict(reference_sampler=dict(same_image=False)))
