# Synthetic scenes of 800 categories to train on, none of them, and no distractor, of the 80 of the fixed test set.
_base_ = './synthetic_scenes.py'

data_root = 'data/rich/'
image_size = (192, 192)
ref_size = 96
# The meaning of each is in mmosis.synthetic.SceneConfig; test scenes stay as difficult as they are.
rich = dict(
    vocabulary='rich',
    image_size=192,
    num_categories=(2, 6),
    num_objects=(3, 14),
    size=(0.08, 0.7),
    small_size=(0.05, 0.09),
    num_distractors=(1, 5),
    rotation=40.0,
    aspect=1.4,
    perspective=0.2,
    texture_frequency=(1.0, 3.0),
    shading=0.4,
    bevel=0.6,
    tint=0.15,
    clutter_contrast=0.6,
    num_clutter=(2, 24),
    noise=9.0,
    blur=1.2,
)
scenes = dict(train=dict(out_dir=data_root + 'train', num_images=40000, **rich))

resize = [
    dict(type='Resize', scale=image_size, keep_ratio=True),
    dict(type='Pad', size=image_size, pad_val=dict(img=(0, 0, 0))),
]
# Stretched to the square, a reference looks as RoIAlign makes the regions that it is compared with.
load = dict(type='LoadImage')
crop = [
    dict(type='CropReference'),
    dict(type='ResizeReference', size=ref_size, keep_ratio=False),
    dict(type='PackReference'),
]
ref_pipeline = [load, *crop]
masked_ref_pipeline = [load, dict(type='LoadReferenceMask'), *crop]
# Half of the training's references are averaged over their mask alone, so that search can use one where it is given.
train_ref_pipeline = [load, dict(type='LoadReferenceMask', prob=0.5), *crop]
train_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        split=None,
        phase='all',
        reference_sampler=dict(type='ReferenceSampler', with_masks=True),
        ref_pipeline=train_ref_pipeline,
        pipeline=[
            dict(type='LoadImage'),
            dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
            *resize,
            dict(type='RandomFlip', prob=0.5),
            dict(type='PackOneShotInputs'),
        ],
    )
)
test_dataloader = dict(
    dataset=dict(
        pipeline=[dict(type='LoadImage'), *resize, dict(type='PackOneShotInputs')],
        ref_pipeline=ref_pipeline,
    )
)
