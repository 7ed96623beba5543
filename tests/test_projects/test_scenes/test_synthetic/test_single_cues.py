"""No single cue finds held-out categories: three detectors that see one cue each, in the paper's protocol.

All rank the same windows, a grid of many sizes and aspects, by how near a window comes to the reference crop: in mean
colour, in local binary patterns (texture), or in edge orientations over a 4x4 layout (outline). Every category is held
out in one of the four splits, so the mean over all categories is the mean over the splits.
"""

import contextlib
import io

import cv2
import numpy as np
import pytest
import torch
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from torchvision.ops import box_iou, nms

from mmosis.utils.rng import generator
from projects.scenes.synthetic import CATEGORIES, SceneConfig, make_scene

NUM_SCENES = 100
SEED = 1
MAX_AP50 = 15


# --- cues: (h, w, C) maps whose mean over a box describes it -------------------------------------------------------


def _lab(image):
    """Lab, moved by a constant so that no mean is negative."""
    return cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) + np.float32(128)


def _grey(image):
    """Grey with the local mean removed and the local contrast set to one."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    centred = grey - cv2.GaussianBlur(grey, (0, 0), 8)
    return centred / (np.sqrt(cv2.GaussianBlur(centred**2, (0, 0), 8)) + 4)


def _binary_patterns(image):
    """Rotation-invariant uniform local binary patterns (Ojala 2002) at two radii, one channel per code."""
    grey = cv2.GaussianBlur(_grey(image), (0, 0), 0.7)
    maps = []
    for radius in (1, 3):
        diagonal = round(radius * 0.75)
        ring = [(0, radius), (diagonal, diagonal), (radius, 0), (diagonal, -diagonal)]
        ring += [(-y, -x) for y, x in ring]
        bits = np.stack([np.roll(grey, offset, (0, 1)) > grey + 0.05 for offset in ring])
        changes = (bits != np.roll(bits, 1, 0)).sum(0)
        codes = np.where(changes <= 2, bits.sum(0), 9)
        maps.append(np.eye(10, dtype=np.float32)[codes])
    return np.concatenate(maps, -1)


def _edge_orientations(image, bins=9):
    smooth = cv2.GaussianBlur(_lab(image), (0, 0), 1)
    dx, dy = cv2.Sobel(smooth, -1, 1, 0), cv2.Sobel(smooth, -1, 0, 1)
    strongest = np.hypot(dx, dy).argmax(-1)[..., None]
    dx, dy = (np.take_along_axis(grad, strongest, -1)[..., 0] for grad in (dx, dy))
    code = np.floor((np.arctan2(dy, dx) % np.pi) / np.pi * bins).astype(int) % bins
    return np.eye(bins, dtype=np.float32)[code] * np.hypot(dx, dy)[..., None]


def _integrate(maps):
    """Sum maps up from the upper left, so that the mean over any box costs four look-ups."""
    return cv2.integral(maps, sdepth=cv2.CV_64F)


def _average(table, boxes, grid=1, inner=1.0):
    """Average integrated maps over the cells of a grid laid over (the inner part of) each box: (N, grid * grid * C)."""
    centre, half = (boxes[:, :2] + boxes[:, 2:]) / 2, inner * (boxes[:, 2:] - boxes[:, :2]) / 2
    steps = np.linspace(-1, 1, grid + 1)
    lines = np.round(centre[:, None] + steps[:, None] * half[:, None]).astype(int)
    x = np.clip(lines[..., 0], 0, table.shape[1] - 1)
    y = np.clip(lines[..., 1], 0, table.shape[0] - 1)
    corners = table[y[:, :, None], x[:, None, :]]
    sums = corners[:, 1:, 1:] - corners[:, :-1, 1:] - corners[:, 1:, :-1] + corners[:, :-1, :-1]
    areas = np.maximum(np.diff(y)[:, :, None] * np.diff(x)[:, None, :], 1)
    return np.maximum(sums / areas[..., None], 0).reshape(len(boxes), -1)


def _describe_colour(table, boxes):
    return _average(table, boxes, inner=0.3)


def _describe_texture(table, boxes):
    return np.sqrt(_average(table, boxes, inner=0.9))


def _describe_outline(table, boxes):
    layout = _average(table, boxes, grid=4)
    return np.sqrt(layout / (layout.sum(1, keepdims=True) + 1e-6))


CUES = {
    'colour': (_lab, _describe_colour),
    'texture': (_binary_patterns, _describe_texture),
    'outline': (_edge_orientations, _describe_outline),
}


# --- candidates, protocol, score -----------------------------------------------------------------------------------


def _windows(side):
    """Lay a grid of windows over the image: (N, 4) xyxy."""
    boxes = []
    for size in 24 * 1.35 ** np.arange(5):
        for aspect in (0.5, 0.8, 1.25, 2.0):
            width, height = size * aspect**0.5, size / aspect**0.5
            x, y = np.meshgrid(np.arange(0, side - width, width / 3), np.arange(0, side - height, height / 3))
            boxes.append(np.stack([x, y, x + width, y + height], -1).reshape(-1, 4))
    return np.concatenate(boxes)


def _xyxy(mask):
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], float)


@pytest.fixture(scope='module')
def scenes():
    made = [make_scene(SEED, index, SceneConfig()) for index in range(NUM_SCENES)]
    return [(s.image, [(i.category, _xyxy(i.mask), i.crowd) for i in s.instances]) for s in made]


def _episodes(scenes):
    """Yield (image, category, reference): each category present, one instance in another random image."""
    homes = {}
    for number, (_, objects) in enumerate(scenes):
        for category, box, crowd in objects:
            if not crowd:
                homes.setdefault(category, {}).setdefault(number, []).append(box)
    for number, (_, objects) in enumerate(scenes):
        for category in sorted({category for category, _, crowd in objects if not crowd}):
            others = [home for home in homes[category] if home != number]
            if others:
                rng = generator(SEED, 'reference', number, category)
                home = int(rng.choice(others))
                yield number, category, home, homes[category][home][int(rng.integers(len(homes[category][home])))]


def _detect(make_maps, describe, scenes):
    """Rank the windows of each episode's image: COCO results, 100 an episode."""
    windows = _windows(scenes[0][0].shape[0])
    tables = [_integrate(make_maps(image)) for image, _ in scenes]
    described = [describe(table, windows) for table in tables]
    results = []
    for number, category, home, box in _episodes(scenes):
        distance = np.linalg.norm(described[number] - describe(tables[home], box[None]), axis=1)
        results += _top(windows, -distance, number, category)
    return results


def _top(windows, scores, number, category):
    best = np.argsort(-scores)[:1000]
    windows, scores = windows[best], scores[best]
    kept = nms(torch.from_numpy(windows), torch.from_numpy(scores), 0.5)[:100].numpy()
    return [
        dict(image_id=number + 1, category_id=category + 1, score=float(scores[k]), bbox=_xywh(windows[k]))
        for k in kept
    ]


def _xywh(box):
    return [float(number) for number in (box[0], box[1], box[2] - box[0], box[3] - box[1])]


def _ap50(scenes, results):
    """Return AP50 in percent, averaged over the categories searched for."""
    searched = {(number, category) for number, category, _, _ in _episodes(scenes)}
    truth = [
        dict(image_id=n + 1, category_id=c + 1, bbox=_xywh(b), area=float(np.prod(b[2:] - b[:2])), iscrowd=int(crowd))
        for n, (_, objects) in enumerate(scenes)
        for c, b, crowd in objects
        if (n, c) in searched
    ]
    coco = COCO()
    coco.dataset = dict(
        images=[dict(id=n + 1) for n in range(len(scenes))],
        annotations=[dict(id=number, **annotation) for number, annotation in enumerate(truth, 1)],
        categories=[dict(id=c + 1) for c in range(len(CATEGORIES))],
    )
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(results), 'bbox')
        evaluation.params.iouThrs = np.array([0.5])
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval['precision'][0, :, :, 0, -1]
    return 100 * precision[:, precision[0] > -1].mean()


@pytest.mark.parametrize('cue', CUES)
def test_one_cue_alone_does_not_find_held_out_categories(cue, scenes):
    assert _ap50(scenes, _detect(*CUES[cue], scenes)) <= MAX_AP50


def test_windows_and_protocol_would_show_a_detector_that_knows(scenes):
    """The same windows ranked by their overlap with the truth score high: it is the cues that fall short."""
    windows = _windows(scenes[0][0].shape[0])
    results = []
    for number, category, _, _ in _episodes(scenes):
        boxes = np.array([box for c, box, crowd in scenes[number][1] if c == category and not crowd])
        overlap = box_iou(torch.from_numpy(windows), torch.from_numpy(boxes)).amax(1).numpy()
        results += _top(windows, overlap, number, category)
    assert _ap50(scenes, results) >= 80
