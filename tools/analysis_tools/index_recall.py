"""Measure what a search by an index keeps of a full search: a curve over the fraction of images that is searched."""

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path

import numpy as np
from terminaltables import AsciiTable

from mmosis.utils.notices import quiet_imports

with quiet_imports():
    from mmosis.search import PhotoIndex, ReferenceBank, SearchOptions, make_inferencer, search_images
    from mmosis.search.base import SearchBase
    from mmosis.search.model_zoo import DEFAULT_MODEL
    from mmosis.search.nms import box_iou
    from mmosis.utils.coco_file import load_coco
    from mmosis.utils.fraction_of import fraction_of
    from mmosis.utils.tool import run_tool

FRACTIONS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
FULL, INDEX = 'full', 'index'
IOU_THR = 0.5  # of a found box with an annotated one that it is right about


@dataclass(frozen=True)
class CurvePoint:
    """One point of the curve.

    Attributes:
        share: Fraction of the images that is searched, for each reference its own.
        num_pictures: Their number.
        kept: Fraction of the full search's objects in these images.
        best: The most that so many images could have, if one knew where the objects are.
    """

    share: float
    num_pictures: int
    kept: float
    best: float


@dataclass(frozen=True)
class IndexRecall:
    """What an index keeps; the names are those of ``recall.json``.

    Attributes:
        num_pictures: Images of the library.
        num_categories: Categories that were searched for.
        num_objects: The full search's objects that are counted.
        curve: What is kept of them.
        seconds: Mean of a ranking of all images for one category.
        bytes_a_picture: What the index takes.
    """

    num_pictures: int
    num_categories: int
    num_objects: int
    curve: tuple[CurvePoint, ...]
    seconds: float
    bytes_a_picture: float

    def save(self, path: str | Path) -> None:
        """Write JSON."""
        Path(path).write_text(json.dumps(asdict(self), indent=2))

    def table(self) -> str:
        """Lay out the curve."""
        rows = [
            [f'{100 * point.share:g} %', point.num_pictures, f'{100 * point.kept:.1f}', f'{100 * point.best:.1f}']
            for point in self.curve
        ]
        return AsciiTable([['searched', 'images', 'objects kept (%)', 'at best (%)'], *rows]).table


def measure_index_recall(
    inferencer: SearchBase,
    inputs: str | Path | Sequence[str | Path],
    bank: ReferenceBank,
    out_dir: str | Path,
    score_thr: float = SearchOptions.score_thr,
    fractions: Sequence[float] = FRACTIONS,
    ann_file: str | Path | None = None,
) -> IndexRecall:
    """Search images in full, and measure how much of it an index would have kept; each category by itself.

    Both the full search and the index go on where an earlier call was stopped.

    Args:
        inferencer: The model.
        inputs: Image files, folders, or a list of them.
        bank: What to search for.
        out_dir: Folder for the full search and the index.
        score_thr: Objects of this score and more are counted.
        fractions: Fractions of the images, each above 0 and at most 1.
        ann_file: COCO-format annotations: only what is right about an annotated object of the category of that name
            counts. Images are known by their names.

    Raises:
        FileNotFoundError: If there is no such annotation file.
        ValueError: If the full search found nothing that counts, a fraction is out of its range, or the annotations are
            wrong.
    """
    if any(not 0 < fraction <= 1 for fraction in fractions):
        raise ValueError(f'fractions must be above 0 and at most 1, got {", ".join(map(str, fractions))}')
    true = None if ann_file is None else _boxes(load_coco(str(ann_file)).dataset)  # before hours have passed
    options = SearchOptions(score_thr=score_thr, keep_all=True, overlays=False)
    report = search_images(inferencer, inputs, bank, Path(out_dir, FULL), options, resume=True)
    index, _ = PhotoIndex.build(inferencer, inputs, Path(out_dir, INDEX))
    counts = _count(json.loads(report.annotations.read_text()), true)
    total = sum(counts.values())
    if not total:
        raise ValueError('the full search found nothing that counts; give other references, or a lower score')
    wanted = [{name: number for (of, name), number in counts.items() if of == category} for category in bank.names]
    start = time.perf_counter()
    orders = [[Path(file).name for file in order] for order in index.rank_each(inferencer, bank)]
    seconds = (time.perf_counter() - start) / len(orders)
    curve = tuple(_point(fraction, len(index), orders, wanted, total) for fraction in fractions)
    return IndexRecall(len(index), len(bank.names), total, curve, seconds, index.num_bytes / len(index))


def _point(
    fraction: float, num_images: int, orders: Sequence[list[str]], wanted: Sequence[dict[str, int]], total: int
) -> CurvePoint:
    top = ceil(fraction_of(fraction, num_images))
    kept = sum(objects.get(name, 0) for order, objects in zip(orders, wanted, strict=True) for name in order[:top])
    best = sum(sum(sorted(objects.values(), reverse=True)[:top]) for objects in wanted)
    return CurvePoint(fraction, top, kept / total, best / total)


def _count(found: dict, true: dict[tuple[str, str], np.ndarray] | None) -> dict[tuple[str, str], int]:
    """Objects by category and image; only those that are right if the true ones are given."""
    boxes = _boxes(found)
    if true is None:
        return {key: len(rows) for key, rows in boxes.items()}
    return {
        key: int((box_iou(rows, true[key]) >= IOU_THR).any(axis=1).sum()) for key, rows in boxes.items() if key in true
    }


def _boxes(dataset: dict) -> dict[tuple[str, str], np.ndarray]:
    """Boxes (N, 4) xyxy of COCO-format annotations by the names of category and image."""
    names = {category['id']: category['name'] for category in dataset['categories']}
    files = {image['id']: Path(image['file_name']).name for image in dataset['images']}
    boxes = defaultdict(list)
    for annotation in dataset['annotations']:
        x, y, width, height = annotation['bbox']
        key = names[annotation['category_id']], files[annotation['image_id']]
        boxes[key].append((x, y, x + width, y + height))
    return {key: np.array(rows) for key, rows in boxes.items()}


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('images', nargs='+', help='image files or folders: the library')
    parser.add_argument('--bank', required=True, help='references, as mmosis search --save-bank wrote them')
    parser.add_argument('--out', required=True, help='folder for the full search, the index and recall.json')
    parser.add_argument('--score-thr', type=float, default=SearchOptions.score_thr, help='default: %(default)s')
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
        f'{recall.num_objects} objects of {recall.num_categories} categories in {recall.num_pictures} images; '
        f'{recall.seconds:.3f} s a ranking, {recall.bytes_a_picture:.0f} bytes an image'
    )


if __name__ == '__main__':
    run_tool(main)
