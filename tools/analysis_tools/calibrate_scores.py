"""Fit search.calibration of a model on COCO-format data, so that a score of 0.5 is right about half of the time."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isnan
from pathlib import Path

from terminaltables import AsciiTable

from mmosis.utils.notices import quiet_imports

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with quiet_imports():
    from analysis.search_tests import Reliability, SearchTest, fit_scores, run_search_tests
    from mmosis.search import SearchOptions, make_inferencer
    from mmosis.search.model_zoo import DEFAULT_MODEL
    from mmosis.search.runtimes import RUNTIMES
    from mmosis.search.score_calibration import Calibration
    from mmosis.utils.tool import run_tool


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=f'{__doc__} Each folder is searched as test_search.py does it, by boxes in other images and with '
        '--same; one half of the images is fitted to, the other one is what the tables are of.'
    )
    parser.add_argument('folders', nargs='+', help='folders of COCO-format data, e.g. annotations.json and images/')
    parser.add_argument('--model', default=DEFAULT_MODEL, help='name, config file or exported folder')
    parser.add_argument('--weights', help='checkpoint of the config')
    parser.add_argument('--device', help='by default a GPU if there is one')
    parser.add_argument('--runtime', choices=RUNTIMES, help='as mmosis search: by default onnx where it can')
    parser.add_argument('--image-scale', type=int, metavar='PIXELS', help='longer side of images for the network')
    parser.add_argument('--seeds', type=int, nargs='+', default=[0], help='seeds of the references (default: 0)')
    parser.add_argument(
        '--absent', type=int, default=100, metavar='N', help='in each folder N searches for what is not there'
    )
    return parser.parse_args()


def reliability_table(reliability: Reliability) -> str:
    """Table how often boxes of a score are right, before and after."""
    rows = []
    for name, result in (('before', reliability.before), ('after', reliability.after)):
        bins = [one for one in result['bins'] if one['count']]
        rows += [[name, f'{one["score"]:.2f}', f'{one["precision"]:.2f}', f'{one["count"]:,}'] for one in bins]
    return AsciiTable([['', 'mean score', 'right', 'boxes'], *rows]).table


def counts_table(tests: Sequence[SearchTest], before: Calibration | None, after: Calibration, thr: float) -> str:
    """Table what a user sees of each test, before and after."""
    head = ['searches', '', 'recall', 'precision', 'F1', 'self-found', 'silent']
    rows = [
        [test.name if name == 'before' else '', name, *_count(test.calibrated(each), thr)]
        for test in tests
        for name, each in (('before', before), ('after', after))
    ]
    return AsciiTable([head, *rows]).table


def _count(test: SearchTest, thr: float) -> list[str]:
    counts = test.count_found(thr)
    figures = (counts.recall, counts.precision, counts.f1, counts.self_found_rate, test.silent_fraction(thr))
    return ['' if isnan(figure) else f'{figure:.3f}' for figure in figures]


def format_config(calibration: Calibration) -> str:
    """Write a calibration as a config has it."""
    parts = {name: part for name, part in asdict(calibration).items() if part is not None}
    return f'calibration={_format(parts)}'


def _format(numbers: Mapping) -> str:
    items = (
        f'{key}={_format(value) if isinstance(value, Mapping) else f"{value:.3f}"}' for key, value in numbers.items()
    )
    return f'dict({", ".join(items)})'


def main() -> None:
    """Search, fit and print."""
    args = parse_args()
    inferencer = make_inferencer(
        args.model, args.weights, args.device, runtime=args.runtime, image_scale=args.image_scale
    )
    before, inferencer.calibration = inferencer.calibration, None
    tests = list(run_search_tests(inferencer, args.folders, args.absent, args.seeds))
    fitted, held_out = ([half for test in tests if (half := test.half(held))] for held in (False, True))
    thr = SearchOptions.score_thr
    after = fit_scores(fitted, thr)
    reliability = Reliability.of(held_out, before, after)
    print(f'On the half of the images that was held out, at the threshold {thr}, boxes at IoU 0.5:')
    print(counts_table(held_out, before, after, thr))
    print(reliability_table(reliability))
    errors = (reliability.before['error'], reliability.after['error'])
    print('expected calibration error {:.3f} before, {:.3f} after'.format(*errors))
    print(f'In search of the config: {format_config(after)}')


if __name__ == '__main__':
    run_tool(main)
