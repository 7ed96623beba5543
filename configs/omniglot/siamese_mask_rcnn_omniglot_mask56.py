# Are masks of 28x28 too coarse for strokes? Masks of 56x56, from regions of 28x28.
_base_ = './siamese_mask_rcnn_omniglot.py'

model = dict(
    roi_head=dict(mask_roi_extractor=dict(roi_layer=dict(output_size=28))),
    train_cfg=dict(rcnn=dict(mask_size=56)),
)
