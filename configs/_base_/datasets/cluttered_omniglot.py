# Cluttered Omniglot, written by tools/dataset_converters/make_cluttered_omniglot.py.
_base_ = './synthetic_scenes.py'

data_root = 'data/omniglot/'
scenes = dict(_delete_=True)
difficulty = dict(_delete_=True)
# None to choose: the training scenes show the background characters of a split alone.
split = None
# No flip: a mirrored character is another character.
train_pipeline = [step for step in _base_.train_pipeline if step.type != 'RandomFlip']
train_dataloader = dict(dataset=dict(data_root=data_root, split=1, pipeline=train_pipeline))
test_dataloader = dict(dataset=dict(data_root=data_root, split=1))
