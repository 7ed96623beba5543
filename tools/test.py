"""Test a checkpoint under the one-shot protocol, with the arguments of mmdet's tool of the same name.

mmdet's ``--tta`` is omitted: the paper's protocol has no test-time augmentation.
"""

import argparse
from pathlib import Path

from mmosis.utils.notices import quiet_imports

with quiet_imports():
    from mmosis.compat import prepare

    prepare()

    from mmdet.engine.hooks.utils import trigger_visualization_hook
    from mmdet.evaluation import DumpDetResults
    from mmengine.config import Config

    from mmosis.engine import StrictRunner
    from mmosis.evaluation import runs_table
    from mmosis.structures import PHASES
    from mmosis.utils.launch import add_config_arguments, load_config
    from mmosis.utils.tool import run_tool


def parse_args() -> argparse.Namespace:
    """Parse the command line.

    Raises:
        SystemExit: If --out is no pickle file.
    """
    parser = argparse.ArgumentParser(description='Test (and evaluate) a model')
    add_config_arguments(parser)
    parser.add_argument('checkpoint', help='checkpoint file')
    add_protocol_arguments(parser)
    parser.add_argument('--out', help='dump predictions to this pickle file for offline evaluation')
    parser.add_argument('--show', action='store_true', help='show prediction results')
    parser.add_argument('--show-dir', help='save painted images in work_dir/timestamp/show_dir')
    parser.add_argument('--wait-time', type=float, default=2, help='the interval of show (s)')
    args = parser.parse_args()
    if args.out is not None and not args.out.endswith(('.pkl', '.pickle')):
        parser.error(f'--out must be a .pkl or .pickle file, got {args.out}')
    if args.out is not None:
        Path(args.out).parent.mkdir(parents=True, exist_ok=True)
    return args


def add_protocol_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the protocol leaves open; what is not given stays as the config says."""
    group = parser.add_argument_group('protocol', 'what is not given is as the config says')
    group.add_argument('--classes', choices=PHASES, help='categories to search for')
    group.add_argument('--runs', type=int, help='runs with fresh references; the paper has 5')
    group.add_argument('--seed', type=int, help='seed of the references')
    group.add_argument('--num-references', type=int, help='references an episode')
    group.add_argument('--reference-rule', metavar='NAME', help='one of reference_rules in the config')
    group.add_argument(
        '--absent', type=int, metavar='N', help='also search each image for N categories that it does not show'
    )
    group.add_argument('--episodes', metavar='FILE', help='replay the episodes of this file exactly')
    group.add_argument(
        '--dump', metavar='DIR', help='write episodes.json, the predictions of each run and metrics.json'
    )


def apply_protocol(cfg: Config, args: argparse.Namespace) -> None:
    """Put the arguments of the protocol into a config.

    Raises:
        ValueError: If the config is of another protocol, the rule is unknown, or a replay is to differ from its file.
    """
    settings = dict(
        phase=args.classes,
        runs=args.runs,
        seed=args.seed,
        num_references=args.num_references,
        reference_sampler=args.reference_rule,
        num_absent=args.absent,
    )
    settings = {key: value for key, value in settings.items() if value is not None}
    if not settings and args.episodes is None and args.dump is None:
        return
    if cfg.test_evaluator.type != 'OneShotCocoMetric':
        raise ValueError(f'{cfg.filename} is not tested under the one-shot protocol but by {cfg.test_evaluator.type}')
    if settings and args.episodes is not None:
        raise ValueError(f'--episodes replays a file as it is; omit what would change it: {", ".join(settings)}')
    if args.reference_rule is not None:
        settings['reference_sampler'] = _rule(cfg, args.reference_rule)
    cfg.test_dataloader.dataset.update(settings, episodes_file=args.episodes)
    cfg.test_evaluator.dump_dir = args.dump


def _rule(cfg: Config, name: str) -> dict:
    rules = cfg.get('reference_rules', {})
    if name not in rules:
        raise ValueError(f'the config has no reference rule {name!r}; it has {", ".join(rules) or "none"}')
    return rules[name]


def main() -> None:
    """Test."""
    args = parse_args()
    cfg = load_config(args)
    cfg.load_from = args.checkpoint
    apply_protocol(cfg, args)
    if args.show or args.show_dir:
        cfg = trigger_visualization_hook(cfg, args)
    runner = StrictRunner.from_cfg(cfg)
    if args.out is not None:
        # The first, so that an error in another metric does not lose it.
        runner.test_evaluator.metrics.insert(0, DumpDetResults(out_file_path=args.out))
    runner.test()
    for metric in runner.test_evaluator.metrics:
        if getattr(metric, 'report', None) is not None:
            print(runs_table(metric.report))


if __name__ == '__main__':
    run_tool(main)
