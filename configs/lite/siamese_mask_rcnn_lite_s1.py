# The model of this folder on split S1 of COCO: no detection training on the 20 held-out categories, neither on
# photographs nor on cut-outs. The backbone's ImageNet weights did see most of them: one-shot figures leak.
_base_ = './siamese_mask_rcnn_lite.py'

split = 1
held_out = dict(split=split, phase='background')
train_dataloader = dict(
    dataset=dict(
        datasets=[
            {**_base_.photographs, **held_out},
            {**_base_.composed, 'data_root': 'data/composed/s1/'},
            _base_.drawn,
        ]
    )
)
test_dataloader = dict(dataset=dict(split=split, phase='one-shot'))
