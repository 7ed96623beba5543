# In training the paper may cut a reference out of the searched image, the demo does not. Does that teach a short cut?
_base_ = './baseline.py'

train_dataloader = dict(dataset=dict(reference_sampler=dict(type='ReferenceSampler', same_image=True)))
