# Cluttered Omniglot, every fourth character held out (S1): the demo's model and schedule, 181 background characters.
# The data: python tools/dataset_converters/make_cluttered_omniglot.py data/omniglot images_background_small*.zip
_base_ = ['../_base_/siamese_mask_rcnn_small.py', '../_base_/datasets/cluttered_omniglot.py']
