"""Measure what a search gives a user: a folder of COCO-format data, one reference box a category, default settings."""

import argparse
import statistics
from pathlib import Path

from mmosis.apis import OneShotInferencer, measure_search
from mmosis.apis.search_measure import data_paths
from mmosis.evaluation import category_table, runs_table, save_and_evaluate, silent_share
from mmosis.search import SearchSettings
from mmosis.search.model_zoo import DEFAULT_MODEL
from mmosis.structures import PHASES
from mmosis.utils.coco_file import load_coco
from mmosis.utils.tool import run_tool


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('folder', help='folder of COCO-format data, e.g. annotations.json and images/')
    parser.add_argument('--model', default=DEFAULT_MODEL, help='name or config file (default: %(default)s)')
    parser.add_argument('--weights', help='checkpoint of the config')
    parser.add_argument('--device', help='by default a GPU if there is one')
    parser.add_argument('--image-scale', type=int, metavar='PIXELS', help='longer side of images for the network')
    parser.add_argument('--references', metavar='FOLDER', help='take references from here, categories by name')
    parser.add_argument('--seeds', type=int, nargs='+', default=[0], help='draws of references (default: 0)')
    parser.add_argument('--split', type=int, choices=(1, 2, 3, 4), help="the paper's split; without it all categories")
    parser.add_argument('--classes', choices=PHASES, help='default: one-shot with --split, else all')
    parser.add_argument(
        '--absent', type=int, default=0, metavar='N', help='also N searches for a category that the image does not show'
    )
    parser.add_argument('--dump', metavar='DIR', help='write what was found, as tools/test.py --dump does')
    return parser.parse_args()


def main() -> None:
    """Search, judge and print."""
    args = parse_args()
    if args.dump is not None:
        Path(args.dump).mkdir(parents=True, exist_ok=True)  # hours before it is needed
    inferencer = OneShotInferencer(args.model, args.weights, args.device, image_scale=args.image_scale)
    phase = args.classes or ('one-shot' if args.split else 'all')
    measure = measure_search(inferencer, args.folder, args.seeds, phase, args.split, args.absent, args.references)
    data = data_paths(args.folder, args.references)
    metrics = save_and_evaluate(measure.dump, load_coco(data.ann_file, data.img_dir), data, args.dump)
    print(f'AP50 of each category (%)\n{category_table(metrics)}\n{runs_table(metrics)}')
    num_absent = sum(episode.absent for episode in measure.dump.episodes)
    if num_absent:
        thr = SearchSettings.score_thr
        share = silent_share(measure.dump.episodes, measure.dump.runs, thr)
        print(f'nothing found at {thr} where there is nothing: {100 * share:.0f} % of {num_absent} searches')
    print(
        f'{statistics.median(measure.seconds):.2f} s an image (median), searched for '
        f'{statistics.mean(measure.num_categories):.1f} categories (mean)'
    )


if __name__ == '__main__':
    run_tool(main)
