# Synthetic scenes, the embedded default: 80 categories, 60 to train on and 20 held out as split S1-S4 says.
data_root = 'data/synthetic/'
# The difficulty of the fixed test set; the meaning of each is in projects.scenes.synthetic.SceneConfig.
difficulty = dict(
    image_size=192,
    num_categories=(2, 4),
    num_objects=(3, 9),
    size=(0.15, 0.42),
    small_size=(0.06, 0.12),
    small_prob=0.05,
    companion_prob=0.75,
    shared_cue=(0.25, 0.25, 0.5),
    num_distractors=(1, 4),
    close_distractor_prob=0.5,
    crowd_prob=0.05,
    crowd_objects=(6, 12),
    crowd_spread=0.09,
    min_visible=0.45,
    occluder_prob=0.35,
    rotation=30.0,
    aspect=1.25,
    shear=0.15,
    perspective=0.12,
    texture_frequency=(1.5, 2.5),
    texture_balance=0.35,
    colour_jitter=0.25,
    shading=0.25,
    bevel=0.45,
    tint=0.08,
    clutter_contrast=0.35,
    num_clutter=(4, 10),
    noise=6.0,
    blur=0.6,
)
# What tools/demo.py writes.
scenes = dict(
    train=dict(out_dir=data_root + 'train', num_images=6000, seed=0, **difficulty),
    test=dict(out_dir=data_root + 'test', num_images=300, seed=1, **difficulty),
)
split = 1
image_size = (160, 160)
ref_size = 96

resize = [
    dict(type='Resize', scale=image_size, keep_ratio=True),
    dict(type='Pad', size=image_size, pad_val=dict(img=(0, 0, 0))),
]
train_pipeline = [
    dict(type='LoadImage'),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    *resize,
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackOneShotInputs'),
]
test_pipeline = [
    dict(type='LoadImage'),
    *resize,
    dict(type='PackOneShotInputs'),
]
ref_pipeline = [
    dict(type='LoadImage'),
    dict(type='CropReference'),
    dict(type='ResizeReference', size=ref_size),
    dict(type='PackReference'),
]
# Training references come from other images, ReferenceSampler's default. The paper's may come from the searched one
# (section 5.1), which teaches less here: same_image in docs/results.md.
train_dataloader = dict(
    batch_size=8,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='EpisodeSampler'),
    dataset=dict(
        type='OneShotCocoDataset',
        data_root=data_root,
        ann_file='train/annotations.json',
        data_prefix=dict(img='train/images/'),
        split=split,
        phase='background',
        pipeline=train_pipeline,
        ref_pipeline=ref_pipeline,
    ),
)
test_dataloader = dict(
    batch_size=1,
    num_workers=1,
    persistent_workers=True,
    drop_last=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='OneShotCocoDataset',
        data_root=data_root,
        ann_file='test/annotations.json',
        data_prefix=dict(img='test/images/'),
        split=split,
        phase='one-shot',
        test_mode=True,
        pipeline=test_pipeline,
        ref_pipeline=ref_pipeline,
    ),
)
test_evaluator = dict(type='OneShotCocoMetric', metric=['bbox', 'segm'])
