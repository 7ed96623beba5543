# The paper's reference point (section 6.1, Table 1): Mask R-CNN on all 80 categories for 320,000 steps, without
# re-weighting of the losses. Data, backbone and schedule are those of siamese_mask_rcnn_full.
_base_ = ['./siamese_mask_rcnn_full.py', './_base_/models/mask_rcnn.py']

# Nothing is matched: the heads see the pyramid's channels.
del _base_.model.match_neck, _base_.model.episodes_per_chunk
channels = _base_.model.neck.out_channels
model = _base_.mask_rcnn
model.rpn_head.in_channels = channels
model.roi_head.bbox_head.in_channels = model.roi_head.mask_head.in_channels = channels
model.roi_head.bbox_roi_extractor = model.roi_head.mask_roi_extractor = dict(out_channels=channels)

train_dataloader = dict(
    sampler=dict(_delete_=True, type='InfiniteSampler'),
    dataset=dict(
        {key: value for key, value in _base_.train_dataloader.dataset.items() if key not in _base_.of_episodes},
        _delete_=True,
        type='CocoFileDataset',
        filter_cfg=dict(filter_empty_gt=True),
    ),
)
val_dataloader = dict(
    dataset=dict(
        {key: value for key, value in _base_.val_dataloader.dataset.items() if key not in _base_.of_episodes},
        _delete_=True,
        type='CocoFileDataset',
    )
)
test_dataloader = dict(
    dataset=dict(
        {key: value for key, value in _base_.test_dataloader.dataset.items() if key not in _base_.of_episodes},
        _delete_=True,
        type='CocoFileDataset',
    )
)
val_evaluator = dict(_delete_=True, type='CocoFileMetric', metric=['bbox', 'segm'])
test_evaluator = val_evaluator
