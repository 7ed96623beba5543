# Is the demo's mask head too small for strokes among strokes? Four convolutions of 64 channels instead of two of 32.
_base_ = './siamese_mask_rcnn_omniglot.py'

model = dict(roi_head=dict(mask_head=dict(num_convs=4, conv_out_channels=64)))
