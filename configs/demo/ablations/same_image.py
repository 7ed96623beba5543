# The published code may cut a reference out of the searched image, in training too. Does that teach a short cut?
_base_ = './baseline.py'

train_dataloader = dict(dataset=dict(reference_sampler=dict(type='ReferenceSampler', same_image=True)))
