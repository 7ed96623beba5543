# What is the second comparison worth, region against reference? The paper's head hears the dense one alone.
_base_ = './baseline.py'

compared = ('type', 'relation', 'kind')
model = dict(
    roi_head=dict(
        {key: value for key, value in _base_.model.roi_head.items() if key not in compared},
        _delete_=True,
        type='BinaryRoIHead',
    )
)
