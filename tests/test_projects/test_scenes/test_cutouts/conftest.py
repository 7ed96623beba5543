"""Folders to cut objects out of: photographs with four categories in COCO format, and images with alpha."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from photographs import write_photographs


@pytest.fixture(scope='session')
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four photographs: a mug and a stapler; a ruler and a key; a stapler at the border and a tiny mug; a crowd."""
    objects = [
        [(1, 10, 10, 40, 30), (2, 80, 50, 50, 40)],
        [(3, 20, 20, 90, 20), (4, 100, 60, 36, 50)],
        [(2, 0, 30, 50, 40), (1, 80, 60, 12, 12)],
        [(2, 20, 30, 60, 60, True), (3, 20, 100, 60, 12)],
    ]
    return write_photographs(tmp_path_factory.mktemp('given') / 'photographs', objects)


@pytest.fixture(scope='session')
def icons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images with alpha: a disc in a, the same in a_copy, a square in b; one without alpha."""
    folder = tmp_path_factory.mktemp('given') / 'icons'
    folder.mkdir()
    disc, square = np.zeros((64, 64, 4), np.uint8), np.zeros((64, 64, 4), np.uint8)
    cv2.circle(disc, (32, 32), 24, (20, 160, 240, 255), -1)
    square[10:50, 16:56] = 240, 40, 200, 255
    for name, image in (('a', disc), ('a_copy', disc), ('b', square)):
        cv2.imwrite(str(folder / f'{name}.png'), image)
    cv2.imwrite(str(folder / 'opaque.png'), disc[..., :3])
    return folder


@pytest.fixture
def sources(photographs: Path, icons: Path) -> list[dict]:
    """Both folders as sources."""
    return [dict(folder=str(photographs)), dict(folder=str(icons), type='alpha')]
