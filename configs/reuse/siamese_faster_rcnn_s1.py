# Siamese Faster R-CNN: Siamese Mask R-CNN without masks.
_base_ = [
    '../_base_/models/siamese_mask_rcnn_r50_fpn.py',
    '../_base_/datasets/one_shot_coco_boxes.py',
    '../_base_/schedules/schedule_160k.py',
    '../_base_/default_runtime.py',
    '../_base_/reference_rules.py',
]

model = dict(roi_head=dict(mask_roi_extractor=None, mask_head=None))

split = 1
train_dataloader = dict(dataset=dict(split=split))
val_dataloader = dict(dataset=dict(split=split))
test_dataloader = dict(dataset=dict(split=split))
