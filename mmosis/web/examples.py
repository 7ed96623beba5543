"""Examples of the page: photographs, each with the boxes of what to search it for."""

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mmosis.search import SearchReference
from mmosis.search.images import load_image

from .session import Scene, Session

FOLDER = Path(__file__).parent / 'photographs'
IMAGE_SIZE = 384
CROP_SIZE = 96


@dataclass(frozen=True, eq=False)
class Example:
    """A search that is ready.

    Attributes:
        title: What it shows.
        image: The photograph with the references in its lower left corner, (h, w, 3) RGB, a square.
        session: What the page has when it is chosen.
        credit: Where the photograph is from, and its licence.
    """

    title: str
    image: np.ndarray
    session: Session
    credit: str


def make_examples() -> list[Example]:
    """Make the examples that ``photographs/examples.json`` lists."""
    examples = []
    for entry in json.loads((FOLDER / 'examples.json').read_text()):
        image = load_image(FOLDER / entry['file'])
        references = tuple(SearchReference(image, **reference) for reference in entry['references'])
        session = Session(references, (Scene(entry['file'], image),))
        examples.append(Example(entry['title'], _draw(image, references), session, entry['credit']))
    return examples


def _draw(image: np.ndarray, references: tuple[SearchReference, ...]) -> np.ndarray:
    """Cut a square out of the middle, and lay the references in its corner."""
    side = min(image.shape[:2])
    top, left = ((length - side) // 2 for length in image.shape[:2])
    square = image[top : top + side, left : left + side, ::-1]
    drawn = cv2.resize(square, (IMAGE_SIZE, IMAGE_SIZE), interpolation=cv2.INTER_AREA)
    size = (CROP_SIZE, CROP_SIZE)
    crops = [cv2.resize(reference.load()[1], size, interpolation=cv2.INTER_AREA) for reference in references]
    drawn[-CROP_SIZE:, : CROP_SIZE * len(crops)] = np.hstack(crops)
    return drawn
