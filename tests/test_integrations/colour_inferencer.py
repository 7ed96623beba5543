"""ColourInferencer: finds one-coloured shapes by a reference's colour, at once and with scores that one can tell."""

from collections.abc import Sequence

import cv2
import numpy as np

from mmosis.search.base import SearchBase
from mmosis.search.options import SearchOptions
from mmosis.search.reference_bank import ReferenceBank
from mmosis.search.view_search import View
from mmosis.structures import FoundObjects, RLEMasks

GREY = (100, 100, 100)
RED, DARK_RED, BLUE = (30, 30, 200), (30, 30, 170), (200, 30, 30)  # BGR


class ColourInferencer(SearchBase):
    """All of a search but the network: a shape scores 0.95, less a hundredth for each step away from the colour."""

    runtime, precision, show_progress, fingerprint = 'onnx', 'fp32', False, 'c0' * 32
    regions = None
    nms_iou_thr = 0.5

    def __init__(self, **options) -> None:
        self.options = SearchOptions(**options)
        self.read_settings({}, resizes=False)

    def _encode_batch(self, loaded: list[dict]) -> list[np.ndarray]:
        return [np.array([_middle(results) for results in loaded], np.float32)]

    def merge_references(self, bank: ReferenceBank) -> np.ndarray:
        return np.array([bank.encoded[0][list(category.rows)].mean(axis=0) for category in bank.categories])

    def _search_views(
        self, views: Sequence[View], images: Sequence[np.ndarray], queries: np.ndarray
    ) -> list[FoundObjects]:
        return [_find(view.cut(images), view.labels, queries) for view in views]

    def _encode_image(self, image: np.ndarray, side: int | None) -> None:
        raise NotImplementedError


def draw(*shapes: tuple, size: tuple[int, int] = (120, 160)) -> np.ndarray:
    """Draw rectangles (x1, y1, x2, y2, colour) on grey: (H, W, 3) BGR."""
    image = np.full((*size, 3), GREY, np.uint8)
    for x1, y1, x2, y2, colour in shapes:
        image[y1:y2, x1:x2] = colour
    return image


def _middle(results: dict) -> np.ndarray:
    """The colour in the middle of the reference's box."""
    x1, y1, x2, y2 = results['ref_bbox']
    return results['img'][int(y1 + y2) // 2, int(x1 + x2) // 2]


def _find(image: np.ndarray, labels: Sequence[int], queries: np.ndarray) -> FoundObjects:
    rows, masks = [], []
    for colour in {tuple(colour) for colour in image.reshape(-1, 3).tolist()} - {GREY}:
        count, parts = cv2.connectedComponents((image == colour).all(axis=2).astype(np.uint8))
        for part in range(1, count):
            x, y, width, height = cv2.boundingRect((parts == part).astype(np.uint8))
            for label in labels:
                score = 0.95 - np.abs(queries[label] - colour).max() / 100
                if score > 0:
                    rows.append((x, y, x + width, y + height, score, label))
                    masks.append(parts == part)
    table = np.array(rows, np.float32).reshape(-1, 6)
    found = FoundObjects(
        bboxes=table[:, :4],
        scores=table[:, 4],
        labels=table[:, 5].astype(int),
        masks=RLEMasks.encode(np.array(masks, bool).reshape(-1, *image.shape[:2])),
    )
    return found[np.argsort(-found.scores, kind='stable')]
