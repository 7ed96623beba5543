# COCO 2017 under the one-shot protocol (paper sections 3 and 5). A child says split=1..4 for the three data sets.
dataset_type = 'OneShotCocoDataset'
data_root = 'data/coco/'
backend_args = None
image_size = (1024, 1024)
ref_size = 192

# Longer side 1024, zero-padded to a square, at the right and bottom as mmdet does (the published code centres).
resize = [
    dict(type='Resize', scale=image_size, keep_ratio=True),
    dict(type='Pad', size=image_size, pad_val=dict(img=(0, 0, 0))),
]
# No flip, as in the published code.
train_pipeline = [
    dict(type='LoadImage', backend_args=backend_args),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    *resize,
    dict(type='PackOneShotInputs'),
]
test_pipeline = [
    dict(type='LoadImage', backend_args=backend_args),
    *resize,
    dict(type='PackOneShotInputs'),
]
ref_pipeline = [
    dict(type='LoadImage', backend_args=backend_args),
    dict(type='CropReference'),
    dict(type='ResizeReference', size=ref_size),
    dict(type='PackReference'),
]

# The last 3000 annotated images of train2017, by id, are held back for validation.
num_held_back = 3000
train_dataloader = dict(
    batch_size=3,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='EpisodeSampler'),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='annotations/instances_train2017.json',
        data_prefix=dict(img='train2017/'),
        phase='background',
        num_held_back=num_held_back,
        # Any training image may give the reference, the searched one too (5.1); in tests another one does (5.2).
        reference_sampler=dict(type='ReferenceSampler', same_image=True),
        pipeline=train_pipeline,
        ref_pipeline=ref_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='annotations/instances_train2017.json',
        data_prefix=dict(img='train2017/'),
        phase='background',
        num_held_back=num_held_back,
        held_back=True,
        test_mode=True,
        pipeline=test_pipeline,
        ref_pipeline=ref_pipeline,
    ),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='annotations/instances_val2017.json',
        data_prefix=dict(img='val2017/'),
        phase='one-shot',
        test_mode=True,
        pipeline=test_pipeline,
        ref_pipeline=ref_pipeline,
    ),
)

# The annotation file and the categories come from the data set.
val_evaluator = dict(type='OneShotCocoMetric', metric=['bbox', 'segm'])
test_evaluator = val_evaluator
