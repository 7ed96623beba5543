# Which strides know kinds? That of stride 16 alone is compared.
_base_ = './baseline.py'

model = dict(
    neck=dict(kind_indices=(1,)),
    match_neck=dict(kind_channels=[112]),
    roi_head=dict(kind=dict(in_channels=[112])),
)
