# Which strides know kinds? That of stride 32 alone is compared.
_base_ = './baseline.py'

model = dict(
    neck=dict(kind_indices=(2,)),
    match_neck=dict(kind_channels=[320]),
    roi_head=dict(kind=dict(in_channels=[320])),
)
