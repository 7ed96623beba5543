"""Images rendered from a dump."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from analysis.gallery import Gallery
from mmosis.evaluation import Detections
from mmosis.structures import EpisodeRecord, save_episodes

CAR = 30
RECORD = EpisodeRecord(31, 0, CAR, (102,))  # A car of 26x22 in 80x80; the reference is one of 30x25 in another image.


@pytest.fixture
def gallery(tiny_dataset: Callable, tiny_coco: Callable[..., Path]) -> Gallery:
    root = tiny_coco()
    save_episodes(root / 'episodes.json', {}, [RECORD])
    return Gallery(tiny_dataset(root, test_mode=True, episodes_file=str(root / 'episodes.json')), score_thr=0.5)


def decode(jpeg: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


def detect(score: float) -> Detections:
    return Detections.from_results([dict(image_id=31, category_id=CAR, bbox=[6, 8, 26, 22], score=score)])


def test_a_reference_fills_its_image_whatever_its_size(gallery: Gallery) -> None:
    assert decode(gallery.reference(RECORD)).shape == (107, 128, 3)  # 25 x 30, enlarged


def test_only_detections_above_the_score_are_drawn(gallery: Gallery) -> None:
    above, below, none = (
        decode(gallery.result(RECORD, found)) for found in (detect(0.9), detect(0.4), Detections.from_results([]))
    )
    np.testing.assert_array_equal(below, none)
    assert (above != none).any()


def test_other_episodes_detections_are_not_drawn(gallery: Gallery) -> None:
    other = Detections.from_results([dict(image_id=31, category_id=80, bbox=[6, 8, 26, 22], score=0.9)])
    np.testing.assert_array_equal(
        decode(gallery.result(RECORD, other)), decode(gallery.result(RECORD, Detections.from_results([])))
    )
