# cross_attention_demo with more categories than the demo has: an episode's image and references get other colours, and
# are turned upside down, in the same way.
_base_ = './cross_attention_demo.py'

shared = dict(
    type='SharedByEpisode',
    transforms=[
        dict(type='RandomFlip', prob=0.5, direction='vertical'),
        dict(type='PhotoMetricDistortion', hue_delta=180),
        dict(type='Invert', prob=0.5),
    ],
)
train_dataloader = dict(
    dataset=dict(
        pipeline=[*_base_.train_pipeline[:2], shared, *_base_.train_pipeline[2:]],
        ref_pipeline=[*_base_.ref_pipeline[:2], shared, *_base_.ref_pipeline[2:]],
    )
)
