# Mask R-CNN beside siamese_mask_rcnn_demo_full: the counterpart of the paper's Table 1 on the scenes.
_base_ = ['./siamese_mask_rcnn_demo_full.py', '../_base_/models/mask_rcnn.py']

# Nothing is matched.
del _base_.model.match_neck, _base_.model.episodes_per_chunk
model = _base_.mask_rcnn

train_dataloader = dict(
    sampler=dict(_delete_=True, type='InfiniteSampler'),
    dataset=dict(
        {key: value for key, value in _base_.train_dataloader.dataset.items() if key not in _base_.of_episodes},
        _delete_=True,
        type='CocoFileDataset',
        filter_cfg=dict(filter_empty_gt=True),
    ),
)
test_dataloader = dict(
    dataset=dict(
        {key: value for key, value in _base_.test_dataloader.dataset.items() if key not in _base_.of_episodes},
        _delete_=True,
        type='CocoFileDataset',
    )
)
test_evaluator = dict(_delete_=True, type='CocoFileMetric', metric=['bbox', 'segm'])
