"""Measure the average recall of a model's proposals, by the size of objects, on a folder of COCO-format data."""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from pathlib import Path

import numpy as np
import torch
from faster_coco_eval import COCO as FastCOCO
from faster_coco_eval import COCOeval_faster
from terminaltables import AsciiTable

from mmosis.utils.notices import quiet_imports

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with quiet_imports():
    from mmosis.compat import prepare

    prepare()

    from mmengine.config import ConfigDict

    from analysis.search_plan import PlannedSearch, SearchPlan
    from mmosis.search import OneShotInferencer
    from mmosis.search.known_objects import KnownObjects
    from mmosis.search.model_zoo import DEFAULT_MODEL
    from mmosis.search.view_search import View, plan_first
    from mmosis.structures import EncodedReferences
    from mmosis.utils.image import read_image
    from mmosis.utils.progress import track
    from mmosis.utils.tool import run_tool

SEARCHED, ANY = 'of the category', 'of any category'
NUMBERS = (100, 300, 1000)
SIZES = (24, 48, 96)  # pixels
LARGEST_AREA = 1e10
Proposals = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class SizeRecall:
    """Recall of the objects of a size.

    Attributes:
        size: 'all', 'below 24', '24 to 48', ... 'from 96': root of the box's area, pixels of the image.
        num_objects: So many.
        recall_50: Fraction of them that the best 100, 300 and 1000 proposals of an image find at IoU 0.5, 0-1; nan
            without objects.
        average: The same, mean over the IoUs 0.5, 0.55 ... 0.95: COCO's average recall.
    """

    size: str
    num_objects: int
    recall_50: tuple[float, ...]
    average: tuple[float, ...]


def measure_proposals(inferencer: OneShotInferencer, folder: str, seed: int = 0) -> dict[str, list[SizeRecall]]:
    """Search each image for each category in it, and compare the proposals with the objects.

    References are boxes in other images, sampled as in :class:`~analysis.search_plan.SearchPlan`. An image is
    searched in the views that the inferencer takes first for the category; where these are several, the best
    proposals of all of them count.

    Args:
        inferencer: Of a two-stage model, on torch.
        folder: Folder of COCO-format data; its test part is searched.
        seed: Of the references.

    Returns:
        dict: Recall by size of the objects of the category that is searched for, and of those of any category, as far
        as they can be found (crowds cannot), over all searches.

    Raises:
        FileNotFoundError: If the folder is missing or has no known layout.
        TypeError: If the model has no RPN.
        ValueError: If nothing is left to search for.
    """
    if not getattr(inferencer.model, 'with_rpn', False):
        raise TypeError(f'proposals are those of an RPN, and {type(inferencer.model).__name__} has none')
    searched, everything, proposals = [], [], []
    for search in track(SearchPlan(folder, (seed,)).searches(), 'Propose', disable=not inferencer.show_progress):
        found = [i for i in search.image.instances if not i['ignore_flag']]
        bboxes = np.array([i['bbox'] for i in found], dtype=float)
        labels = np.array([i['bbox_label'] for i in found])
        for episode, proposed in zip(search.episodes, _propose(inferencer, search), strict=True):
            searched.append(bboxes[labels == episode.label])
            everything.append(bboxes)
            proposals.append(proposed)
    return {SEARCHED: proposal_recall(searched, proposals), ANY: proposal_recall(everything, proposals)}


@torch.no_grad()
def _propose(inferencer: OneShotInferencer, search: PlannedSearch) -> list[Proposals]:
    """The proposals for each category of a search: boxes (P, 4) xyxy, pixels of the image, and scores (P,)."""
    image = read_image(search.image.img_path, search.image.img_shape)
    bank = inferencer.encode(search.references(), searched=[image])
    queries = inferencer.merge_references(bank)
    views: dict[tuple, list[int]] = defaultdict(list)
    sizes = KnownObjects.of(image, bank, inferencer.views).mean_sizes
    for label, size in enumerate(sizes):
        for plan in plan_first(size, image.shape[:2], inferencer.views):
            for tile in plan.tiles:
                views[tile, plan.side].append(label)
    parts: list[list[Proposals]] = [[] for _ in sizes]
    for (tile, side), labels in views.items():
        view = View(0, tile, side, tuple(labels))
        for label, proposed in zip(labels, _propose_in(view, image, queries, inferencer), strict=True):
            parts[label].append(proposed)
    return [_best(each) for each in parts]


def _propose_in(
    view: View, image: np.ndarray, queries: EncodedReferences, inferencer: OneShotInferencer
) -> Iterator[Proposals]:
    """The proposals in a view for each of its categories."""
    model = inferencer.model
    data = model.data_preprocessor(inferencer.pipeline.batch([view], [image], queries))
    ((sample,), (references,)) = data['data_samples'], data['ref_inputs']
    match = model.make_matcher(model.encode_images(data['inputs']), 1)
    # As many proposals as are to be measured, whatever a search takes.
    nms_pre = max(model.rpn_head.test_cfg.nms_pre, NUMBERS[-1])
    cfg = ConfigDict(model.rpn_head.test_cfg, nms_pre=nms_pre, max_per_img=NUMBERS[-1])
    corner = np.array(view.tile)[[0, 1, 0, 1]]
    for row in range(len(references)):
        outs = model.rpn_head(match(references[row : row + 1]))
        (found,) = model.rpn_head.predict_by_feat(*outs, batch_img_metas=[sample.metainfo], cfg=cfg, rescale=True)
        yield found.bboxes.cpu().double().numpy() + corner, found.scores.cpu().double().numpy()


def _best(parts: list[Proposals]) -> Proposals:
    bboxes, scores = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    order = np.argsort(-scores, kind='stable')[: NUMBERS[-1]]
    return bboxes[order], scores[order]


def proposal_recall(
    objects: Sequence[np.ndarray],
    proposals: Sequence[tuple[np.ndarray, np.ndarray]],
    numbers: Sequence[int] = NUMBERS,
    sizes: Sequence[float] = SIZES,
) -> list[SizeRecall]:
    """Tell how many objects proposals find (average recall: Hosang et al., arXiv 1502.05082; COCO's evaluation).

    Args:
        objects: For each search the boxes to be found, (G, 4) xyxy, float pixels of the image.
        proposals: For each search its proposals: boxes (P, 4) alike, and scores (P,), 0-1.
        numbers: So many of each search count, the best; ascending.
        sizes: Bounds between sizes, ascending.

    Returns:
        list: Of all objects, then size by size; over all searches.

    Raises:
        ValueError: If there is no object, or not one set of proposals for each of objects.
    """
    if len(objects) != len(proposals):
        raise ValueError(f'each search has objects and proposals, got {len(objects)} and {len(proposals)} of them')
    if not sum(map(len, objects)):
        raise ValueError('there is no object that proposals could find')
    evaluation = COCOeval_faster(_index(objects), _index(*zip(*proposals, strict=True)), 'bbox')
    bounds = [0, *sizes, inf]
    ranges = [(0, inf), *pairwise(bounds)]
    evaluation.params.maxDets = list(numbers)
    evaluation.params.areaRng = [_area_range(*each) for each in ranges]
    evaluation.params.areaRngLbl = names = ['all', *(_name(*each) for each in ranges[1:])]
    evaluation.evaluate()
    evaluation.accumulate()
    recall = np.where(evaluation.eval['recall'] < 0, np.nan, evaluation.eval['recall'])[:, 0]  # (IoU, size, number)
    areas = np.concatenate([_areas(boxes) for boxes in objects])
    counts = [int(((areas >= low) & (areas <= high)).sum()) for low, high in evaluation.params.areaRng]
    return [
        SizeRecall(name, count, tuple(recall[0, row].tolist()), tuple(recall[:, row].mean(axis=0).tolist()))
        for row, (name, count) in enumerate(zip(names, counts, strict=True))
    ]


def _area_range(low: float, high: float) -> list[float]:
    """Areas of sizes from ``low`` up to, but not including, ``high``; COCO's ranges include both ends."""
    return [low**2, LARGEST_AREA if high == inf else float(np.nextafter(high**2, 0))]


def _name(low: float, high: float) -> str:
    if not low:
        return f'below {high:g}'
    return f'from {low:g}' if high == inf else f'{low:g} to {high:g}'


def _areas(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def _index(boxes: Sequence[np.ndarray], scores: Sequence[np.ndarray] | None = None) -> FastCOCO:
    """Make COCO annotations of boxes, each search an image; with scores they are detections."""
    numbers = np.repeat(np.arange(1, len(boxes) + 1), [len(each) for each in boxes]).tolist()
    corners = np.concatenate(boxes)
    sides = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1).tolist()
    rows = zip(numbers, sides, _areas(corners).tolist(), strict=True)
    annotations = [
        dict(id=i, image_id=number, category_id=1, bbox=bbox, area=area, iscrowd=0)
        for i, (number, bbox, area) in enumerate(rows, 1)
    ]
    if scores is not None:
        for annotation, score in zip(annotations, np.concatenate(scores).tolist(), strict=True):
            annotation['score'] = score
    images = [dict(id=number) for number in range(1, len(boxes) + 1)]
    return FastCOCO(dict(images=images, annotations=annotations, categories=[dict(id=1, name='')]))


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
    header = ['objects', 'size', 'number', *(f'{name}@{n}' for name in ('R50', 'AR') for n in NUMBERS)]
    rows = [
        [name, row.size, str(row.num_objects), *(f'{100 * value:.1f}' for value in (*row.recall_50, *row.average))]
        for name, recalls in measure_proposals(inferencer, args.folder, args.seed).items()
        for row in recalls
    ]
    print(f'recall of proposals (%), IoU 0.5 and mean of 0.5 to 0.95\n{AsciiTable([header, *rows]).table}')


if __name__ == '__main__':
    run_tool(main)
