# What is the second comparison worth? The paper's matcher, with references that fill their square.
_base_ = './baseline.py'

compared = ('type', 'relation', 'competition')
model = dict(
    match_neck=dict(type='AbsDiffMatchNeck'),
    roi_head=dict(
        {key: value for key, value in _base_.model.roi_head.items() if key not in compared},
        _delete_=True,
        type='BinaryRoIHead',
    ),
)
