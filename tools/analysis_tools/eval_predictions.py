"""Evaluate dumps of tools/test.py again, without the model; several splits become the paper's Table 2."""

import argparse
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from terminaltables import AsciiTable

from mmosis.utils.notices import quiet_imports

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with quiet_imports():
    from analysis.clutter import cluttered_part
    from mmosis.evaluation import DataPaths, Dump, category_table, mean_with_interval, runs_table, write_metrics
    from mmosis.evaluation.tables import NAMES
    from mmosis.utils.coco_file import load_coco
    from mmosis.utils.config_file import SPLITS
    from mmosis.utils.tool import run_tool

# arXiv 1811.11507v1, Table 2, mAP50 in %. Published; nothing here was measured by us.
# (phase, IoU type) -> splits 1 to 4, and their average as the paper gives it
TABLE_2 = {
    ('background', 'bbox'): (38.9, 37.1, 37.8, 36.6, 37.6),
    ('one-shot', 'bbox'): (15.3, 17.6, 17.4, 17.0, 16.8),
    ('random boxes', 'bbox'): (2.3, 2.0, 1.7, 2.7, 2.2),
    ('background', 'segm'): (36.6, 33.7, 35.1, 33.9, 34.8),
    ('one-shot', 'segm'): (13.2, 15.4, 16.3, 14.7, 14.9),
    ('random boxes', 'segm'): (1.2, 1.0, 1.0, 1.2, 1.1),
}


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


def split_tables(tests: Sequence[tuple[Mapping, Mapping]]) -> str:
    """Join tests of several splits into the paper's Table 2, the published rows beside ours.

    Args:
        tests: Info and metrics of each, as :class:`~mmosis.evaluation.Dump` has and gives them.

    Raises:
        ValueError: If a test is of no split, or two are of the same categories of one split.
    """
    rows: dict[str, dict[str, dict[int, Mapping]]] = defaultdict(dict)
    for info, metrics in tests:
        split, row = info.get('split'), info.get('detector', info.get('phase'))
        if split is None:
            raise ValueError('tests of splits 1 to 4 are joined, and one says of no split; give it alone')
        for iou_type, result in metrics.items():
            of_row = rows[iou_type].setdefault(row, {})
            if split in of_row:
                raise ValueError(f'two tests are of {row} in split {split}; give one of them')
            of_row[split] = result
    return '\n'.join(_split_table(*each) for each in rows.items())


def _split_table(iou_type: str, rows: Mapping[str, Mapping[int, Mapping]]) -> str:
    lines = [[f'{NAMES[iou_type]} mAP50', *(f'S{split}' for split in SPLITS), 'average']]
    for row, tests in rows.items():
        means = [tests[split]['mean']['mAP_50'] for split in SPLITS if split in tests]
        average = f'{100 * sum(means) / len(means):.1f}' if len(means) == len(SPLITS) else '-'
        lines.append([row, *(mean_with_interval(tests[s]) if s in tests else '-' for s in SPLITS), average])
        if (row, iou_type) in TABLE_2:
            lines.append([f'{row}, published (COCO)', *(f'{figure:.1f}' for figure in TABLE_2[row, iou_type])])
    return AsciiTable(lines).table


def main() -> None:
    """Evaluate and print."""
    args = parse_args()
    load = cache(load_coco)  # splits have the same annotation file
    tests = []
    for folder in args.dumps:
        dump = Dump.load(folder)
        data = DataPaths.find(folder, args.ann_file)
        coco = load(data.ann_file, data.img_dir)
        metrics = cluttered_part(dump, coco, args.min_objects).evaluate(coco, args.metric)
        tests.append((dump.info, metrics))
        print(f'{folder}: AP50 of each category (%)\n{category_table(metrics)}\n{runs_table(metrics)}')
    if len(tests) > 1:
        print(split_tables(tests))
    if args.out is not None:
        write_metrics(args.out, *tests[0])


if __name__ == '__main__':
    run_tool(main)
