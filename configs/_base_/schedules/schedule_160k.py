# Paper section 5.1: 160,000 steps of 12 images (4 GPUs x 3), the first 1000 heads only, learning rate / 10 at 120,000.
train_cfg = dict(type='IterBasedTrainLoop', max_iters=160000, val_interval=20000)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

optim_wrapper = dict(
    type='OptimWrapper',
    # The published code divides each tensor's weight decay by its size: practically none.
    optimizer=dict(type='SGD', lr=0.02, momentum=0.9, weight_decay=0.0),
    # As in the published code; the paper does not say.
    clip_grad=dict(max_norm=5.0, norm_type=2),
)
param_scheduler = [dict(type='MultiStepLR', by_epoch=False, milestones=[120000], gamma=0.1)]
custom_hooks = [dict(type='HeadsFirstHook', num_iters=1000)]
auto_scale_lr = dict(enable=False, base_batch_size=12)
