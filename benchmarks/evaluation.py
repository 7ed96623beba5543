"""Time the evaluation and its memory beside pycocotools, on detections of the size of COCO val2017.

Every step runs in a process of its own on the same data: seconds, and the memory that it adds at its peak (Linux).
"""

import contextlib
import io
import itertools
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from analysis.confusion import confusion_matrix
from mmosis.evaluation import Detections, evaluate_searches
from mmosis.structures import EpisodeRecord
from mmosis.utils.rng import generator

from .measured import Measured, Row
from .memory import forget_peak, held, in_new_process, peak

EVALUATIONS = ('ours', 'pycocotools')
NUM_CATEGORIES, NUM_ANNOTATIONS, NUM_EPISODES = 80, 36781, 14600  # of val2017's 5000 images
HEIGHT, WIDTH = 480, 640
SHAPES, VARIANTS = 300, 20  # objects to choose from, each with copies that are a little off


def random_shapes(rng: np.random.Generator) -> list[list[dict]]:
    """Draw ellipses of all sizes, each with shifted and stretched copies: run-length encoded masks."""
    return [[_random_variants(rng, box) for _ in range(VARIANTS)] for box in _boxes(rng)]


def _boxes(rng: np.random.Generator) -> np.ndarray:
    """Centres and half axes (SHAPES, 4), sizes uniform in their logarithm."""
    axes = np.exp(rng.uniform(np.log(6), np.log(160), (SHAPES, 2)))
    return np.concatenate([rng.uniform(0, 1, (SHAPES, 2)) * (WIDTH, HEIGHT), axes], axis=1)


def _random_variants(rng: np.random.Generator, box: np.ndarray) -> dict:
    x, y, a, b = box * rng.normal(1, 0.08, 4) + rng.normal(0, 2, 4)
    image = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    centre = (int(np.clip(x, 4, WIDTH - 4)), int(np.clip(y, 4, HEIGHT - 4)))
    cv2.ellipse(image, centre, (max(3, int(a)), max(3, int(b))), 0, 0, 360, 1, -1)
    return mask_utils.encode(np.asfortranarray(image))


def make_truth(num_images: int, shapes: list[list[dict]], rng: np.random.Generator) -> tuple[dict, list[EpisodeRecord]]:
    """Make annotations with as many objects and categories an image as val2017 has, and the episodes of one run."""
    images = [
        dict(id=number, file_name=f'{number}.jpg', height=HEIGHT, width=WIDTH) for number in range(1, num_images + 1)
    ]
    annotations, episodes = [], []
    for image in images:
        num_categories = 1 + rng.poisson(NUM_EPISODES / 5000 - 1)
        num_objects = num_categories + rng.poisson((NUM_ANNOTATIONS - NUM_EPISODES) / 5000)
        categories = rng.choice(NUM_CATEGORIES, num_categories, replace=False) + 1
        for cat_id in (*categories, *rng.choice(categories, num_objects - num_categories)):
            shape = int(rng.integers(SHAPES))
            mask = shapes[shape][0]
            annotations.append(
                dict(
                    id=len(annotations) + 1,
                    image_id=image['id'],
                    category_id=int(cat_id),
                    segmentation=mask,
                    bbox=mask_utils.toBbox(mask).tolist(),
                    area=float(mask_utils.area(mask)),
                    iscrowd=int(rng.random() < 0.01),
                    shape=shape,
                )
            )
        episodes += [EpisodeRecord(image['id'], 0, int(cat_id), (1,)) for cat_id in sorted(categories)]
    categories = [dict(id=number, name=f'c{number}') for number in range(1, NUM_CATEGORIES + 1)]
    return dict(images=images, annotations=annotations, categories=categories), episodes


def make_detections(
    coco: COCO, episodes: list[EpisodeRecord], shapes: list[list[dict]], num: int, rng: np.random.Generator
) -> Detections:
    """Detect ``num`` things an episode: seven in ten are objects of the image, a little off."""
    picked = []
    for episode in episodes:
        objects = np.array([annotation['shape'] for annotation in coco.imgToAnns[episode.image_id]])
        near = rng.random(num) < 0.7
        picked.append(np.where(near, rng.choice(objects, num), rng.integers(SHAPES, size=num)))
    picked, variants = np.concatenate(picked), rng.integers(VARIANTS, size=num * len(episodes))
    bboxes = np.array([mask_utils.toBbox(variants_of) for variants_of in shapes])
    return Detections(
        np.repeat([episode.image_id for episode in episodes], num),
        np.repeat([episode.category_id for episode in episodes], num),
        bboxes[picked, variants],
        rng.random(len(picked)).astype(np.float32).astype(float),
        [shapes[shape][variant] for shape, variant in zip(picked, variants, strict=True)],
    )


def evaluate_ours(coco: COCO, runs: list[Detections], iou_type: str) -> list[float]:
    """MAP of each run."""
    searched = {cat_id: list(coco.imgs) for cat_id in coco.cats}
    return [evaluate_searches(coco, run, iou_type, searched)[0]['mAP'] for run in runs]


def evaluate_pycocotools(coco: COCO, runs: list[Detections], iou_type: str) -> list[float]:
    """The same by loadRes, evaluate and accumulate."""
    values = []
    for run in runs:
        results = list((run if iou_type == 'segm' else replace(run, masks=None)).results())
        if iou_type == 'segm':
            results = [{key: value for key, value in result.items() if key != 'bbox'} for result in results]
        with contextlib.redirect_stdout(io.StringIO()):
            evaluation = COCOeval(coco, coco.loadRes(results), iou_type)
            evaluation.evaluate()
            evaluation.accumulate()
        precision = evaluation.eval['precision'][:, :, :, 0, -1]
        values.append(float(precision[precision > -1].mean()))
    return values


class Step(NamedTuple):
    """What is measured.

    Attributes:
        name: 'ours', 'pycocotools' or 'confusion'.
        num_runs: Runs of a test.
        iou_type: 'bbox' or 'segm'.
        num_images: Images of the data set.
        num_detections: Detections an episode.
    """

    name: str
    num_runs: int
    iou_type: str
    num_images: int
    num_detections: int


class Used(NamedTuple):
    """Seconds, MiB added at the peak, what came out, and the size of the data."""

    seconds: float
    memory: float
    values: list[float]
    size: str


def measure(step: Step) -> Used:
    """Make the data and run a step on them."""
    rng = generator(0, 'benchmark')
    shapes = random_shapes(rng)
    dataset, episodes = make_truth(step.num_images, shapes, rng)
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = dataset
        coco.createIndex()
    runs = [make_detections(coco, episodes, shapes, step.num_detections, rng) for _ in range(step.num_runs)]
    forget_peak()
    before = held()
    start = time.perf_counter()
    if step.name == 'confusion':
        values = [float(confusion_matrix(coco, episodes, runs[0])[2].mean())]
    else:
        values = (evaluate_ours if step.name == 'ours' else evaluate_pycocotools)(coco, runs, step.iou_type)
    seconds = time.perf_counter() - start
    size = f'{step.num_images} images, {len(dataset["annotations"])} objects, {len(episodes)} episodes a run'
    return Used(seconds, peak() - before, values, size)


def measure_evaluation(num_images: int, num_detections: int, nums_runs: Sequence[int]) -> Measured:
    """Time our evaluation and pycocotools', and the confusion matrix.

    Args:
        num_images: Images of the data set.
        num_detections: Detections an episode.
        nums_runs: Numbers of runs of a test.
    """
    sizes = (num_images, num_detections)
    rows = []
    for num_runs, iou_type in itertools.product(nums_runs, ('bbox', 'segm')):
        both = [in_new_process(measure, Step(name, num_runs, iou_type, *sizes)) for name in EVALUATIONS]
        rows.append(_row(f'{iou_type}, runs: {num_runs}', *both))
    matrix = in_new_process(measure, Step('confusion', 1, 'bbox', *sizes))
    rows.append(_row('confusion matrix, 1 run', matrix))
    return Measured(f'{matrix.size}, {num_detections} detections each', rows)


def _row(name: str, ours: Used, theirs: Used | None = None) -> Row:
    return {
        '': name,
        'ours, s': ours.seconds,
        'pycocotools, s': theirs and theirs.seconds,
        'ratio': theirs and theirs.seconds / ours.seconds,
        'ours, MiB': ours.memory,
        'pycocotools, MiB': theirs and theirs.memory,
        'difference of mAP': theirs and max(abs(a - b) for a, b in zip(ours.values, theirs.values, strict=True)),
    }
