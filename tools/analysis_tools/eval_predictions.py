"""Evaluate dumps of tools/test.py again, without the model; several splits become the paper's Table 2."""

import argparse
from functools import cache

from mmosis.utils.notices import quiet_imports

with quiet_imports():
    from mmosis.evaluation import DataPaths, Dump, category_table, runs_table, split_tables, write_metrics
    from mmosis.utils.coco_file import load_coco
    from mmosis.utils.tool import run_tool


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('dumps', nargs='+', metavar='DUMP', help='folder that tools/test.py --dump wrote')
    parser.add_argument('--ann-file', help='annotation file to judge by (default: that of each test)')
    parser.add_argument('--metric', nargs='+', choices=('bbox', 'segm'), help='default: what the dump has')
    parser.add_argument('--min-objects', type=int, default=0, metavar='N', help='only images with so many objects')
    parser.add_argument('--out', help='write the metrics of a single dump to this JSON file')
    args = parser.parse_args()
    if args.out is not None and len(args.dumps) > 1:
        parser.error('--out takes the metrics of one dump')
    return args


def main() -> None:
    """Evaluate and print."""
    args = parse_args()
    load = cache(load_coco)  # splits share an annotation file
    tests = []
    for folder in args.dumps:
        dump = Dump.load(folder)
        data = DataPaths.find(folder, args.ann_file)
        coco = load(data.ann_file, data.img_dir)
        metrics = dump.of_cluttered(coco, args.min_objects).evaluate(coco, args.metric)
        tests.append((dump.info, metrics))
        print(f'{folder}: AP50 of each category (%)\n{category_table(metrics)}\n{runs_table(metrics)}')
    if len(tests) > 1:
        print(split_tables(tests))
    if args.out is not None:
        write_metrics(args.out, *tests[0])


if __name__ == '__main__':
    run_tool(main)
