"""Test a checkpoint under the one-shot protocol, with the arguments of mmdet's tool of the same name.

mmdet's ``--tta`` is left out: the paper's protocol has no test-time augmentation.
"""

import argparse

import mmosis  # noqa: F401  (it makes the host fit to use)

# isort: split
from mmdet.engine.hooks.utils import trigger_visualization_hook
from mmdet.evaluation import DumpDetResults
from mmengine.runner import Runner

from mmosis.utils.launch import add_config_arguments, load_config


def parse_args() -> argparse.Namespace:
    """Parse the command line.

    Raises:
        SystemExit: If --out is no pickle file.
    """
    parser = argparse.ArgumentParser(description='Test (and evaluate) a model')
    add_config_arguments(parser)
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--out', help='dump predictions to this pickle file for offline evaluation')
    parser.add_argument('--show', action='store_true', help='show prediction results')
    parser.add_argument('--show-dir', help='save painted images in work_dir/timestamp/show_dir')
    parser.add_argument('--wait-time', type=float, default=2, help='the interval of show (s)')
    args = parser.parse_args()
    if args.out is not None and not args.out.endswith(('.pkl', '.pickle')):
        parser.error(f'--out must be a .pkl or .pickle file, got {args.out}')
    return args


def main() -> None:
    """Test."""
    args = parse_args()
    cfg = load_config(args)
    cfg.load_from = args.checkpoint
    if args.show or args.show_dir:
        cfg = trigger_visualization_hook(cfg, args)
    runner = Runner.from_cfg(cfg)
    if args.out is not None:
        runner.test_evaluator.metrics.append(DumpDetResults(out_file_path=args.out))
    runner.test()


if __name__ == '__main__':
    main()
