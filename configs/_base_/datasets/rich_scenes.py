# Synthetic scenes of 800 categories to train on, none of them, and no distractor, of the 80 of the fixed test set.
_base_ = ['./synthetic_scenes.py', './rich_difficulty.py']

data_root = 'data/rich/'
image_size = (192, 192)
scenes = dict(train=dict(out_dir=data_root + 'train', num_images=40000, **_base_.rich))

resize = [dict(_base_.resize[0], scale=image_size), dict(_base_.resize[1], size=image_size)]
train_pipeline = [*_base_.train_pipeline[:2], *resize, *_base_.train_pipeline[-2:]]
test_pipeline = [*_base_.test_pipeline[:1], *resize, *_base_.test_pipeline[-1:]]
# Stretched to the square, as RoIAlign stretches the regions that a reference is compared with.
ref_pipeline = [
    dict(step, keep_ratio=False) if step.type == 'ResizeReference' else step for step in _base_.ref_pipeline
]
masked_ref_pipeline = [*ref_pipeline[:1], dict(type='LoadReferenceMask'), *ref_pipeline[1:]]
# Half of the training's references are averaged over their mask alone, so that search can use one where it is given.
train_ref_pipeline = [*ref_pipeline[:1], dict(type='LoadReferenceMask', prob=0.5), *ref_pipeline[1:]]
train_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        split=None,
        phase='all',
        reference_sampler=dict(type='ReferenceSampler', with_masks=True),
        pipeline=train_pipeline,
        ref_pipeline=train_ref_pipeline,
    )
)
test_dataloader = dict(dataset=dict(pipeline=test_pipeline, ref_pipeline=ref_pipeline))
