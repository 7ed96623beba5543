"""Write the paper's random baseline for a COCO-format file as a dump, and print its table."""

import argparse

from mmosis.utils.notices import quiet_imports

with quiet_imports():
    from mmosis.datasets import OneShotCocoDataset
    from mmosis.evaluation import DataPaths, random_baseline, runs_table, save_and_evaluate
    from mmosis.structures import PHASES
    from mmosis.utils.coco_file import load_coco
    from mmosis.utils.config_file import SPLITS
    from mmosis.utils.tool import run_tool


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('ann_file', help='annotation file in COCO format')
    parser.add_argument('out', help='folder for the dump')
    parser.add_argument('--split', type=int, choices=SPLITS, help="the paper's split; without it all categories")
    parser.add_argument('--classes', choices=PHASES, help='default: one-shot with --split, else all')
    parser.add_argument('--runs', type=int, default=5, help='runs with other random places (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='seed (default: %(default)s)')
    return parser.parse_args()


def main() -> None:
    """Make, evaluate, write and print."""
    args = parse_args()
    dataset = OneShotCocoDataset(
        ann_file=args.ann_file,
        data_prefix=dict(img=''),  # images are not read
        split=args.split,
        phase=args.classes or ('one-shot' if args.split else 'all'),
        runs=args.runs,
        seed=args.seed,
        pipeline=[],
        test_mode=True,
    )
    coco = load_coco(args.ann_file)
    dump = random_baseline(coco, dataset.episode_records(), dataset.metainfo['protocol'], args.seed)
    print(runs_table(save_and_evaluate(dump, coco, DataPaths(args.ann_file), args.out)))


if __name__ == '__main__':
    run_tool(main)
