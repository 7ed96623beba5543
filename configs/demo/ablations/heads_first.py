# The demo trains all layers from step 0. Does it help to hold the backbone, here a random one, at first?
_base_ = './baseline.py'

custom_hooks = [dict(type='ProgressBarHook'), dict(type='HeadsFirstHook', num_iters=60)]
find_unused_parameters = True
