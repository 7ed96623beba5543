# What are the parts worth? Regions and references are compared as wholes, in their layout.
_base_ = './baseline.py'

model = dict(
    roi_head=dict(
        relation=dict(
            _delete_=True, type='PatchRelation', in_channels=_base_.model.neck.out_channels, embed_channels=256
        ),
        competition=None,
    )
)
