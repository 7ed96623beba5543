# Photographs with masks, scenes composed of cut-outs, and drawn scenes, mixed, as a search shows them: objects brought
# to a size, half of the references on the searched image itself.
_base_ = ['./composed_scenes.py', './rich_difficulty.py']

photo_root = 'data/photographs/'
composed_root = 'data/composed/all/'
crowds_root = 'data/composed/crowds/'
drawn_root = 'data/drawn/'
# What make_synthetic.py writes, as make_cutouts.py writes the composed ones.
scenes = dict(drawn=dict(out_dir=drawn_root, num_images=4000, seed=0, **_base_.rich))

# ---------------------------------------------------------------- pipelines
image_size = (384, 384)
test_size = (512, 512)
ref_size = 192
# Around a reference, as a fraction of its box: the backbone's features are those of things in their surroundings.
ref_margin = 0.5
padding = dict(img=(127, 127, 127))
load = dict(type='LoadImage')
light = dict(type='YOLOXHSVRandomAug', hue_delta=5, saturation_delta=40, value_delta=40)
crop = [
    dict(type='CropReference', margin=ref_margin, mark_box=True),
    dict(type='ResizeReference', size=ref_size),
]
pack_reference = dict(type='PackReference')
ref_pipeline = [load, *crop, pack_reference]
masked_ref_pipeline = [load, dict(type='LoadReferenceMask'), *crop, pack_reference]
# Half of the training's references are averaged over their mask, so that search can use one where it is given.
train_ref_pipeline = [
    load,
    light,
    dict(type='LoadReferenceMask', prob=0.5),
    *crop,
    dict(type='RandomFlip', prob=0.5),
    pack_reference,
]
train_pipeline = [
    load,
    light,
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(type='RandomZoom', window_size=max(image_size), object_size=(24, 160), max_enlargement=4.0),
    dict(type='Resize', scale=image_size, keep_ratio=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='Pad', size=image_size, pad_val=padding),
    dict(type='PackOneShotInputs'),
]
test_pipeline = [
    load,
    dict(type='Resize', scale=test_size, keep_ratio=True),
    dict(type='Pad', size=test_size, pad_val=padding),
    dict(type='PackOneShotInputs'),
]

# ---------------------------------------------------------------- training
episodes = dict(
    type='OneShotCocoDataset',
    ann_file='annotations.json',
    data_prefix=dict(img='images/'),
    phase='all',
    absent_prob=0.15,
    num_episodes=2,
    same_image_prob=0.5,
    keep_others=True,
    reference_sampler=dict(type='ReferenceSampler', with_masks=True, min_size=12),
    pipeline=train_pipeline,
    ref_pipeline=train_ref_pipeline,
)
photographs = dict(episodes, data_root=photo_root + 'coco_train/')
more_photographs = dict(episodes, data_root=photo_root + 'coco_more_train/')
food = dict(episodes, data_root=photo_root + 'indonesian_food/')
composed_scenes = dict(episodes, data_root=composed_root)
crowds = dict(episodes, data_root=crowds_root)
drawn_scenes = dict(episodes, data_root=drawn_root)
train_dataloader = dict(
    batch_size=8,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='EpisodeSampler'),
    dataset=dict(
        type='EpisodeMixture',
        datasets=[photographs, more_photographs, food, composed_scenes, crowds, drawn_scenes],
        weights=[0.25, 0.05, 0.1, 0.35, 0.15, 0.1],
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
        data_root=photo_root + 'coco_val/',
        ann_file='annotations.json',
        data_prefix=dict(img='images/'),
        phase='all',
        test_mode=True,
        pipeline=test_pipeline,
        ref_pipeline=ref_pipeline,
    ),
)
test_evaluator = dict(type='OneShotCocoMetric', metric=['bbox', 'segm'])
