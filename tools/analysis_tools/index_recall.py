"""Measure what a search by an index keeps of a full search: a curve over the share of pictures that is searched."""

import argparse
from pathlib import Path

from mmosis.apis import ReferenceBank, measure_index_recall
from mmosis.search import SearchSettings, make_inferencer
from mmosis.search.model_zoo import DEFAULT_MODEL
from mmosis.utils.tool import run_tool


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('images', nargs='+', help='image files or folders: the library')
    parser.add_argument('--bank', required=True, help='references, as mmosis search --save-bank wrote them')
    parser.add_argument('--out', required=True, help='folder for the full search, the index and recall.json')
    parser.add_argument('--score-thr', type=float, default=SearchSettings.score_thr, help='default: %(default)s')
    parser.add_argument('--annotations', metavar='FILE', help='COCO format: only objects that are right count')
    parser.add_argument('--model', default=DEFAULT_MODEL, help='name, config file or exported folder')
    parser.add_argument('--weights', help='checkpoint of the config')
    parser.add_argument('--device', help='by default a GPU if there is one')
    return parser.parse_args()


def main() -> None:
    """Search in full, index, rank and print."""
    args = parse_args()
    inferencer = make_inferencer(args.model, args.weights, args.device)
    bank = ReferenceBank.load(args.bank)
    recall = measure_index_recall(inferencer, args.images, bank, args.out, args.score_thr, ann_file=args.annotations)
    recall.save(Path(args.out, 'recall.json'))
    print(recall.table())
    print(
        f'{recall.num_objects} objects of {recall.num_categories} categories in {recall.num_pictures} pictures; '
        f'{recall.seconds:.3f} s a query, {recall.bytes_a_picture:.0f} bytes a picture'
    )


if __name__ == '__main__':
    run_tool(main)
