"""Measure what a search gives a user: a folder of COCO-format data, one reference box a category, default settings."""

import argparse
import statistics
import sys
from pathlib import Path

from pycocotools.coco import COCO

from mmosis.utils.notices import quiet_imports

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with quiet_imports():
    from analysis.mask_overlaps import overlaps_of_found
    from analysis.search_counts import count_found, counts_table, silent_fraction, thresholds_table
    from analysis.search_measure import measure_search
    from analysis.search_plan import SearchPlan
    from analysis.step_timing import medians
    from mmosis.evaluation import Dump, category_table, runs_table, save_and_evaluate
    from mmosis.search import SearchOptions, make_inferencer
    from mmosis.search.model_zoo import DEFAULT_MODEL
    from mmosis.search.runtimes import RUNTIMES
    from mmosis.structures import PHASES
    from mmosis.utils.coco_file import load_coco
    from mmosis.utils.config_file import SPLITS
    from mmosis.utils.tool import run_tool


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('folder', help='folder of COCO-format data, e.g. annotations.json and images/')
    parser.add_argument('--model', default=DEFAULT_MODEL, help='name, config file or exported folder')
    parser.add_argument('--weights', help='checkpoint of the config')
    parser.add_argument('--device', help='by default a GPU if there is one')
    parser.add_argument('--runtime', choices=RUNTIMES, help='as mmosis search: by default onnx where it can')
    parser.add_argument('--image-scale', type=int, metavar='PIXELS', help='longer side of images for the network')
    parser.add_argument('--references', metavar='FOLDER', help='take references from here, categories by name')
    parser.add_argument(
        '--same', action='store_true', help='references are boxes on the searched image, which are not counted'
    )
    parser.add_argument('--seeds', type=int, nargs='+', default=[0], help='seeds of the references (default: 0)')
    parser.add_argument('--split', type=int, choices=SPLITS, help="the paper's split; without it all categories")
    parser.add_argument('--classes', choices=PHASES, help='default: one-shot with --split, else all')
    parser.add_argument(
        '--absent', type=int, default=0, metavar='N', help='also N searches for a category that the image does not show'
    )
    parser.add_argument('--dump', metavar='DIR', help='write what was found, as tools/test.py --dump does')
    return parser.parse_args()


def describe_seen(dump: Dump, coco: COCO, score_thr: float) -> str:
    """Say what a user sees at a threshold: what is found, how good its masks are, how much where there is nothing."""
    lines = [f'at the threshold {score_thr}, boxes at IoU 0.5', counts_table(count_found(dump, coco, score_thr))]
    found = overlaps_of_found(dump, coco, score_thr)
    if len(found.ious):
        means = found.ious.mean(), found.boundary_ious.mean()
        lines.append('masks of what is found: mean IoU {:.3f}, mean boundary IoU {:.3f}'.format(*means))
    num_absent = sum(episode.absent for episode in dump.episodes)
    if num_absent:
        percent = 100 * silent_fraction(dump, score_thr)
        lines.append(f'nothing found at {score_thr} where there is nothing: {percent:.0f} % of {num_absent} searches')
    lines += ['at other thresholds', thresholds_table(dump, coco)]
    return '\n'.join(lines)


def main() -> None:
    """Search, judge and print."""
    args = parse_args()
    if args.dump is not None:
        Path(args.dump).mkdir(parents=True, exist_ok=True)  # hours before it is needed
    inferencer = make_inferencer(
        args.model, args.weights, args.device, runtime=args.runtime, image_scale=args.image_scale
    )
    phase = args.classes or ('one-shot' if args.split else 'all')
    plan = SearchPlan(args.folder, args.seeds, phase, args.split, args.absent, args.references, args.same)
    measure = measure_search(inferencer, plan)
    data, thr = plan.data_paths, SearchOptions.score_thr
    coco = load_coco(data.ann_file, data.img_dir)
    metrics = save_and_evaluate(measure.dump, coco, data, args.dump)
    print(f'AP50 of each category (%)\n{category_table(metrics)}\n{runs_table(metrics)}')
    print(describe_seen(measure.dump, coco, thr))
    seconds, processor_seconds = medians(measure.times)
    print(
        f'{seconds:.2f} s a search, {processor_seconds:.2f} of the processor (medians), for '
        f'{statistics.mean(measure.num_categories):.1f} categories (mean); runtime {inferencer.runtime}; peak memory '
        f'{measure.peak_memory / 1e6:.0f} MB'
    )


if __name__ == '__main__':
    run_tool(main)
