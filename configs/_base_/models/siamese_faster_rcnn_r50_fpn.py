# Siamese Faster R-CNN: Siamese Mask R-CNN without masks.
_base_ = './siamese_mask_rcnn_r50_fpn.py'

model = dict(roi_head=dict(mask_roi_extractor=None, mask_head=None))
