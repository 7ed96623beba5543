_base_ = [
    '../_base_/models/siamese_gfl_r50_fpn.py',
    '../_base_/datasets/one_shot_coco_boxes.py',
    '../_base_/schedules/schedule_160k.py',
    '../_base_/default_runtime.py',
]

split = 1
train_dataloader = dict(batch_size=4, dataset=dict(split=split))
val_dataloader = dict(dataset=dict(split=split))
test_dataloader = dict(dataset=dict(split=split))

# As in mmdet: learning rate 0.01 for 16 images, here 4 GPUs x 4.
optim_wrapper = dict(optimizer=dict(lr=0.01, weight_decay=1e-4))
auto_scale_lr = dict(base_batch_size=16)
