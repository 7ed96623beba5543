"""A video of three squares that move, and what finds them by their colours."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from mmosis.search.options import SearchOptions
from mmosis.search.reference_bank import BankEntry, ReferenceBank
from mmosis.search.view_search import Searched
from mmosis.search.views import ViewSettings
from mmosis.structures import FoundObjects, RLEMasks

CLASSES = ('red', 'green')
NUM_FRAMES, FPS, SIZE = 40, 20.0, (120, 160)
SIDE = 20
# Of each square the label, where it is first (x, y), and its steps; the two red ones pass each other.
SQUARES = [(0, (5, 10), (3, 0)), (0, (130, 40), (-3, 0)), (1, (20, 85), (2, 0))]
COLOURS = [(0, 0, 220), (0, 200, 0)]  # BGR, of the labels


def place(square: int, number: int) -> tuple[int, int, int, int]:
    """Box of a square in a frame, xyxy."""
    _, (x, y), (dx, dy) = SQUARES[square]
    left, top = x + dx * number, y + dy * number
    return left, top, left + SIDE, top + SIDE


def write_video(path: Path, codec: str = 'mp4v') -> Path:
    """Write the video."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), FPS, SIZE[::-1])
    for number in range(NUM_FRAMES):
        frame = np.full((*SIZE, 3), 40, np.uint8)
        for square, (label, _, _) in enumerate(SQUARES):
            x1, y1, x2, y2 = place(square, number)
            frame[y1:y2, max(0, x1) : x2] = COLOURS[label]
        writer.write(frame)
    writer.release()
    return path


def make_bank() -> ReferenceBank:
    """References of both colours, which nobody has encoded."""
    entries = [BankEntry(name, False, 'a colour') for name in CLASSES]
    thumbnails = [np.full((9, 9, 3), colour[::-1], np.uint8) for colour in COLOURS]
    return ReferenceBank(entries, thumbnails, [np.zeros((2, 4), np.float32)], 'squares')


class SquareFinder:
    """Stands for an inferencer: finds what has the colours. It may be stopped, or fail."""

    precision, calibration, show_progress = 'fp32', None, False

    def __init__(self) -> None:
        self.num_searched, self._stop, self._failure = 0, None, None

    def stop_after(self, number: int | None) -> None:
        """Count anew, and stop after so many images."""
        self.num_searched, self._stop = 0, number

    def fail_at(self, number: int, error: Exception) -> None:
        """Raise an error once."""
        self.num_searched, self._failure = 0, (number, error)

    def check_bank(self, bank: ReferenceBank) -> None:
        """Take any."""

    def view_settings(self, options: SearchOptions) -> ViewSettings:
        """Take what a config without settings gives."""
        return ViewSettings.from_config({}, options)

    def search_image(self, image: np.ndarray, bank: ReferenceBank, options: SearchOptions) -> Searched:
        """Find the connected areas of each colour."""
        if self.num_searched == self._stop:
            raise KeyboardInterrupt
        if self._failure and self.num_searched == self._failure[0]:
            error, self._failure = self._failure[1], None
            raise error
        self.num_searched += 1
        found = [(label, *each) for label, colour in enumerate(COLOURS) for each in _areas(image, colour)]
        return Searched(_as_found(found, image.shape[:2]), ())


def _areas(image: np.ndarray, colour: Sequence[int]) -> list[tuple[list[int], np.ndarray]]:
    near = (np.abs(image.astype(int) - colour) < 70).all(2).astype(np.uint8)
    num, areas, stats, _ = cv2.connectedComponentsWithStats(near)
    return [
        ([x, y, x + w, y + h], areas == number)
        for number, (x, y, w, h, area) in zip(range(1, num), stats[1:].tolist(), strict=True)
        if area > 30
    ]


def _as_found(found: Sequence[tuple], shape: tuple[int, int]) -> FoundObjects:
    boxes = np.array([box for _, box, _ in found], np.float32).reshape(-1, 4)
    masks = np.array([mask for *_, mask in found], bool).reshape(-1, *shape)
    return FoundObjects(
        bboxes=boxes,
        scores=np.linspace(0.9, 0.8, len(found), dtype=np.float32),
        labels=np.array([label for label, *_ in found], int),
        masks=RLEMasks.encode(masks),
    )
