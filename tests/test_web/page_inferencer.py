"""PageInferencer: a stand-in model that finds whatever has about the colour of a reference, at once."""

from collections.abc import Generator, Sequence
from threading import Event
from typing import Any

import cv2
import numpy as np

from mmosis.search import BankEntry, ReferenceBank, SearchOptions, parse_references
from mmosis.search.view_search import Searched, Step
from mmosis.search.views import Plan
from mmosis.structures import FoundObjects, RLEMasks

REACH = 200  # distance of colours at which the score is 0


class PageInferencer:
    """Finds areas of one colour on a white background; scores fall with the distance from the references' colours.

    A search waits before each of its ``views`` as long as ``gate`` is closed; ``searches`` counts those that began.
    """

    fingerprint = 'colours'
    runtime = 'onnx'
    options = SearchOptions()

    def __init__(self) -> None:
        self.views = 1
        self.searches = 0
        self.gate = Event()
        self.gate.set()

    def encode(self, references: Any, searched: Sequence | None = None) -> ReferenceBank:
        parsed = parse_references(references, searched)
        loaded = [reference.load() for reference in parsed]
        entries = [BankEntry.of(reference, results) for reference, (results, _) in zip(parsed, loaded, strict=True)]
        colours = np.array([_colour_in(results) for results, _ in loaded], np.float32)
        return ReferenceBank(entries, [thumbnail for _, thumbnail in loaded], [colours], self.fingerprint)

    def search_batch(
        self, images: list[np.ndarray], bank: ReferenceBank, options: SearchOptions
    ) -> Generator[Step, None, list[Searched]]:
        self.searches += 1
        (image,) = images
        for view in range(self.views):
            self.gate.wait(30)
            yield view + 1, self.views
        height, width = image.shape[:2]
        return [Searched(_find(image, bank), (Plan(((0, 0, width, height),) * self.views, 640),))]


def _colour_in(results: dict) -> np.ndarray:
    """Mean colour (3,) of what is not white in the box of a reference."""
    x1, y1, x2, y2 = np.round(results['ref_bbox']).astype(int)
    crop = results['img'][y1:y2, x1:x2].reshape(-1, 3)
    return crop[crop.min(axis=1) < 200].mean(axis=0)


def _find(image: np.ndarray, bank: ReferenceBank) -> FoundObjects:
    _, areas = cv2.connectedComponents((image.min(axis=2) < 200).astype(np.uint8))
    rows = []
    for number in range(1, areas.max() + 1):
        mask = areas == number
        distances = np.linalg.norm(bank.encoded[0] - image[mask].mean(axis=0), axis=1)
        label = min(range(len(bank.categories)), key=lambda each: distances[list(bank.categories[each].rows)].min())
        category = bank.categories[label]
        score = 1 - distances[list(category.rows)].min() / REACH
        if not category.negative and score > 0:
            y, x = np.nonzero(mask)
            rows.append(((x.min(), y.min(), x.max() + 1, y.max() + 1), score, label, mask))
    rows.sort(key=lambda row: -row[1])
    boxes, scores, labels, masks = zip(*rows, strict=True) if rows else ((), (), (), ())
    return FoundObjects(
        bboxes=np.array(boxes, np.float32).reshape(-1, 4),
        scores=np.array(scores, np.float32),
        labels=np.array(labels, int),
        masks=RLEMasks.encode(np.array(masks, bool).reshape(-1, *image.shape[:2])),
    )
