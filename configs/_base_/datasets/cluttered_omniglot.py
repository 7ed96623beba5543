# Cluttered Omniglot, written by tools/dataset_converters/make_cluttered_omniglot.py.
_base_ = './synthetic_scenes.py'

data_root = 'data/omniglot/'
scenes = dict(_delete_=True)
difficulty = dict(_delete_=True)
# None to choose: the training scenes show the background characters of a split alone.
split = None
image_size = (160, 160)
# No flip: a mirrored character is another character.
train_pipeline = [
    dict(type='LoadImage'),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(type='Resize', scale=image_size, keep_ratio=True),
    dict(type='Pad', size=image_size, pad_val=dict(img=(0, 0, 0))),
    dict(type='PackOneShotInputs'),
]
train_dataloader = dict(dataset=dict(data_root=data_root, split=1, pipeline=train_pipeline))
test_dataloader = dict(dataset=dict(data_root=data_root, split=1))
