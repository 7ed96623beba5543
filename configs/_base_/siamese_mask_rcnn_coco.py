# The paper's Siamese Mask R-CNN on COCO, but for the split.
_base_ = [
    './models/siamese_mask_rcnn_r50_fpn.py',
    './datasets/one_shot_coco.py',
    './schedules/schedule_160k.py',
    './default_runtime.py',
    './reference_rules.py',
]

# In tests and searches, a part of the RPN is computed once for all references to an image.
model = dict(rpn_head=dict(type='ComposedRPNHead'))
