"""Tiny zip files of characters, laid out as Omniglot's."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmosis.utils.rng import generator

ALPHABETS = {'Alpha': 7, 'Beta': 5, 'Gamma_(new)': 4}
NUM_DRAWERS = 20


def draw(*keys: int | str) -> bytes:
    """Draw three random strokes, as a PNG file."""
    image = np.full((105, 105), 255, np.uint8)
    corners = generator(0, *keys).integers(15, 90, (4, 2)).astype(np.int32)
    cv2.polylines(image, [corners], isClosed=False, color=0, thickness=4)
    return cv2.imencode('.png', image)[1].tobytes()


@pytest.fixture
def make_zip(tmp_path: Path) -> Callable[..., Path]:
    """Write a zip file: ``make_zip('a.zip', {'Alpha': 2}, change=lambda name, drawer, png: png)``.

    ``change`` may return another PNG file for a character's drawing, or None to leave it out.
    """

    def write(name: str = 'omniglot.zip', alphabets: dict = ALPHABETS, change: Callable | None = None) -> Path:
        with zipfile.ZipFile(tmp_path / name, 'w') as archive:
            archive.writestr('__MACOSX/images_background/._Alpha', b'')
            for alphabet, number in alphabets.items():
                for character in range(1, number + 1):
                    for drawer in range(1, NUM_DRAWERS + 1):
                        category = f'{alphabet}/character{character:02d}'
                        png = draw(category, drawer)
                        png = change(category, drawer, png) if change else png
                        if png is not None:
                            archive.writestr(f'images_background/{category}/{character:04d}_{drawer:02d}.png', png)
        return tmp_path / name

    return write
