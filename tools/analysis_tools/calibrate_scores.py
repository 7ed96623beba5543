"""Fit search.calibration of a config to a dump, so that a score of 0.5 is right about half of the time."""

import argparse

from terminaltables import AsciiTable

from mmosis.apis import CalibrationFit, fit_scores
from mmosis.evaluation import DataPaths, Dump
from mmosis.search import SearchSettings
from mmosis.utils.coco_file import load_coco
from mmosis.utils.tool import run_tool


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('dump', help='folder that test_search.py or tools/test.py --dump wrote, best with --absent')
    parser.add_argument('--ann-file', help="annotation file to judge by (default: the test's)")
    return parser.parse_args()


def reliability_table(fit: CalibrationFit) -> str:
    """Table how often boxes of a score are right, before and after."""
    rows = []
    for name, result in zip(('before', 'after'), fit.reliability, strict=True):
        bins = [one for one in result['bins'] if one['count']]
        rows += [[name, f'{one["score"]:.2f}', f'{one["precision"]:.2f}', f'{one["count"]:,}'] for one in bins]
    return AsciiTable([['', 'mean score', 'right', 'boxes'], *rows]).table


def main() -> None:
    """Fit and print."""
    args = parse_args()
    data = DataPaths.find(args.dump, args.ann_file)
    coco = load_coco(data.ann_file, data.img_dir)
    thr = SearchSettings.score_thr
    dump = Dump.load(args.dump)
    fit = fit_scores(dump, coco, thr)
    before, after = (result['error'] for result in fit.reliability)
    print(reliability_table(fit))
    print(f'expected calibration error {before:.3f} before, {after:.3f} after')
    if any(episode.absent for episode in dump.episodes):
        print('nothing found at {} where there is nothing: {:.0%} before, {:.0%} after'.format(thr, *fit.silent))
    print(f'search.calibration = dict(slope={fit.calibration.slope:.4f}, offset={fit.calibration.offset:.4f})')


if __name__ == '__main__':
    run_tool(main)
