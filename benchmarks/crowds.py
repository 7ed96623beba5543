"""Images with so many copies of an object."""

from math import ceil

import cv2
import numpy as np

SHAPE = (768, 1024)  # (h, w), a common shape of photographs
FILL = 0.75  # of a cell's side that its copy takes


def make_crowd(thing: np.ndarray, number: int) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """Lay copies of an object on a grid of an image of SHAPE, so that more of them are smaller.

    Every other copy is mirrored. Between them is the median colour of the object's border.

    Args:
        thing: The object, (h, w, 3) uint8.
        number: Of copies.

    Returns:
        tuple: The image (768, 1024, 3) uint8, and the box of the first copy, xyxy.

    Raises:
        ValueError: If so many copies would be less than 4 pixels large.
    """
    columns = ceil((number * SHAPE[1] / SHAPE[0]) ** 0.5)
    rows = ceil(number / columns)
    cell = min(SHAPE[0] // rows, SHAPE[1] // columns)
    scale = FILL * cell / max(thing.shape[:2])
    height, width = (round(side * scale) for side in thing.shape[:2])
    if min(height, width) < 4:
        raise ValueError(f'{number} objects on an image of {SHAPE[1]} x {SHAPE[0]} pixels would be too small')
    copy = cv2.resize(thing, (width, height), interpolation=cv2.INTER_AREA)
    border = np.concatenate([thing[0], thing[-1], thing[:, 0], thing[:, -1]])
    image = np.empty((*SHAPE, 3), np.uint8)
    image[:] = np.median(border, axis=0)
    margin_y, margin_x = (cell - height) // 2, (cell - width) // 2
    for position in range(number):
        row, column = divmod(position, columns)
        y, x = row * cell + margin_y, column * cell + margin_x
        image[y : y + height, x : x + width] = copy[:, ::-1] if position % 2 else copy
    return image, (margin_x, margin_y, margin_x + width, margin_y + height)
