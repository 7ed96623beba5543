# The demo with more categories than it has: an episode's image and references get other colours, and are turned upside
# down, in the same way.
_base_ = './demo.py'

shared = dict(
    type='SharedByEpisode',
    transforms=[
        dict(type='RandomFlip', prob=0.5, direction='vertical'),
        dict(type='PhotoMetricDistortion', hue_delta=180),
        dict(type='Invert', prob=0.5),
    ],
)
load, annotate, *rest = _base_.train_dataloader.dataset.pipeline
load_reference, crop, *finish = _base_.ref_pipeline
train_dataloader = dict(
    dataset=dict(
        pipeline=[load, annotate, shared, *rest],
        ref_pipeline=[load_reference, crop, shared, *finish],
    )
)
