"""Measure the average recall of a model's proposals, by the size of objects, on a folder of COCO-format data."""

import argparse

from terminaltables import AsciiTable

from mmosis.apis import OneShotInferencer, measure_proposals
from mmosis.evaluation.functional.proposal_recall import NUMBERS
from mmosis.search.model_zoo import DEFAULT_MODEL
from mmosis.utils.tool import run_tool


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('folder', help='folder of COCO-format data, e.g. annotations.json and images/')
    parser.add_argument('--model', default=DEFAULT_MODEL, help='name or config file (default: %(default)s)')
    parser.add_argument('--weights', help='checkpoint of the config')
    parser.add_argument('--device', help='by default a GPU if there is one')
    parser.add_argument('--image-scale', type=int, metavar='PIXELS', help='longer side of images for the network')
    parser.add_argument('--seed', type=int, default=0, help='of the references (default: %(default)s)')
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    args = parse_args()
    inferencer = OneShotInferencer(args.model, args.weights, args.device, image_scale=args.image_scale)
    header = ['objects', 'size', 'number', *(f'{kind}@{n}' for kind in ('R50', 'AR') for n in NUMBERS)]
    rows = [
        [name, row.size, str(row.num_objects), *(f'{100 * value:.1f}' for value in (*row.recall_50, *row.average))]
        for name, recalls in measure_proposals(inferencer, args.folder, args.seed).items()
        for row in recalls
    ]
    print(f'recall of proposals (%), IoU 0.5 and mean of 0.5 to 0.95\n{AsciiTable([header, *rows]).table}')


if __name__ == '__main__':
    run_tool(main)
