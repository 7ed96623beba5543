# Synthetic scenes of 800 categories to train on, none of them, and no distractor, of the 80 of the fixed test set.
_base_ = ['./synthetic_scenes.py', './rich_difficulty.py']

data_root = 'data/rich/'
image_size = (192, 192)
ref_size = 96
scenes = dict(train=dict(out_dir=data_root + 'train', num_images=40000, **_base_.rich))

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
