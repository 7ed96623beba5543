# The model of drawn scenes, tested with masked references: is an object's mask a better reference than its box?
_base_ = './siamese_mask_rcnn_pocket.py'

test_dataloader = dict(
    dataset=dict(
        reference_sampler=dict(type='ReferenceSampler', with_masks=True),
        ref_pipeline=_base_.masked_ref_pipeline,
    )
)
