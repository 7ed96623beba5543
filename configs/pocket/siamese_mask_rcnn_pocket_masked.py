# The model of drawn scenes, tested with masked references: does the object alone say more than its whole box?
_base_ = './siamese_mask_rcnn_pocket.py'

test_dataloader = dict(
    dataset=dict(
        reference_sampler=dict(type='ReferenceSampler', with_masks=True),
        ref_pipeline=_base_.masked_ref_pipeline,
    )
)
