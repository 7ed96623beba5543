# The embedded default: a small Siamese Mask R-CNN from scratch on synthetic scenes, minutes on two CPU cores.
_base_ = ['../_base_/siamese_mask_rcnn_small.py', '../_base_/datasets/synthetic_scenes.py']
