"""Train a model by its config, with the arguments of mmdet's tool of the same name."""

import argparse

from mmosis.utils.notices import quiet_imports

with quiet_imports():
    from mmengine.config import Config

    from mmosis.apis import resume_newest, train
    from mmosis.utils.launch import add_config_arguments, load_config
    from mmosis.utils.tool import run_tool


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description='Train a detector')
    add_config_arguments(parser)
    parser.add_argument('--amp', action='store_true', help='enable automatic-mixed-precision training')
    parser.add_argument('--auto-scale-lr', action='store_true', help='scale the learning rate with the batch size')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        help='resume from this checkpoint; without a value, from the newest valid one in the work dir, if there is one',
    )
    return parser.parse_args()


def apply_training_options(cfg: Config, args: argparse.Namespace) -> None:
    """Enter --amp, --auto-scale-lr and --resume into the config.

    Raises:
        ValueError: If the config does not say for which batch size its learning rate is.
    """
    if args.amp:
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.loss_scale = 'dynamic'
    if args.auto_scale_lr:
        if 'base_batch_size' not in cfg.get('auto_scale_lr', {}):
            raise ValueError(f'--auto-scale-lr needs auto_scale_lr = dict(base_batch_size=...) in {args.config}')
        cfg.auto_scale_lr.enable = True
    if args.resume == 'auto':
        resume_newest(cfg)
    elif args.resume is not None:
        cfg.load_from, cfg.resume = args.resume, True


def main() -> None:
    """Train."""
    args = parse_args()
    cfg = load_config(args)
    apply_training_options(cfg, args)
    train(cfg)


if __name__ == '__main__':
    run_tool(main)
