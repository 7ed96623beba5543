# Masks of 56x56 instead of 28x28, for strokes that are thin against their box: the mask head sees regions of 28x28.
_base_ = './siamese_mask_rcnn_omniglot.py'

model = dict(
    roi_head=dict(mask_roi_extractor=dict(roi_layer=dict(output_size=28))),
    train_cfg=dict(rcnn=dict(mask_size=56)),
)
