_base_ = ['../_base_/matchers/demo_augmented.py', '../_base_/matchers/cross_attention.py']

model = _base_.matcher
