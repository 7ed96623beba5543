"""Images of the page: read uploads, scale them for the page, and read boxes drawn on them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from mmosis.search.images import MIN_SIDE, load_cutout, load_image

MAX_PIXELS = 50_000_000
MIN_SHOWN, MAX_SHOWN = 640, 1024  # pixels of the longer side on the page
MAX_COORDINATE = 1e9
Box = tuple[float, float, float, float]


def read_upload(path: str | Path, room: int = MAX_PIXELS, load: Callable = load_image) -> np.ndarray:
    """Read an uploaded file.

    Args:
        path: The file; messages have its name alone.
        room: Pixels for which there is room.
        load: Reads the file.

    Returns:
        np.ndarray: (H, W, 3) uint8, BGR, or what ``load`` makes of it.

    Raises:
        ValueError: If it is no image, is animated, too small or too large; the message is for people.
    """
    name = Path(path).name
    try:
        with Image.open(path) as opened:
            width, height = opened.size
    except Image.DecompressionBombError:
        width = height = MAX_PIXELS
    except Exception as error:
        raise ValueError(f'{name} is not an image that can be read; JPEG, PNG, WebP, BMP and TIFF can') from error
    if width * height > MAX_PIXELS:
        raise ValueError(f'{name} is too large: at most {MAX_PIXELS // 10**6} million pixels, please')
    if width * height > room:
        raise ValueError(f'{name} is not taken: there is no room for more images; remove some, or try again later')
    try:
        return load(path)
    except ValueError as error:
        raise ValueError(str(error).replace(str(path), name)) from error


def load_reference(path: str | Path) -> np.ndarray:
    """Read an image of an object: (H, W, 3) uint8, BGR, or of a cut-out (H, W, 4) BGRA, opaque on the object."""
    image, mask = load_cutout(path)
    return image if mask is None else np.dstack([image, 255 * mask.astype(np.uint8)])


def show(image: np.ndarray) -> np.ndarray:
    """Bring an image to the size for the page.

    Args:
        image: (H, W, 3) BGR, or (H, W, 4) BGRA; what is transparent is shown white.

    Returns:
        np.ndarray: (h, w, 3) RGB.
    """
    height, width = image.shape[:2]
    scale = min(max(height, width, MIN_SHOWN), MAX_SHOWN) / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if image.shape[2] == 4:
        image = np.where(image[..., 3:] > 0, image[..., :3], np.uint8(255))
    enlarged = size[0] > width
    resized = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR if enlarged else cv2.INTER_AREA)
    return np.ascontiguousarray(resized[..., ::-1])


def read_box(value: Any, image: np.ndarray) -> Box | None:
    """Read the box that was drawn.

    Args:
        value: Value of the canvas, whose ``box`` is in pixels of the image.
        image: The image that it shows, (H, W, 3).

    Returns:
        tuple: xyxy, pixels of the image, cut at its border; None without a box.

    Raises:
        ValueError: If the box is not four numbers, or lies outside of the image or has no area in it.
    """
    drawn = value.get('box') if isinstance(value, dict) else None
    if drawn is None:
        return None
    is_box = isinstance(drawn, list | tuple) and len(drawn) == 4
    if not is_box or not all(isinstance(value, int | float) and abs(value) < MAX_COORDINATE for value in drawn):
        raise ValueError('the box has not all its corners: x1, y1, x2 and y2, in pixels of the image')
    height, width = image.shape[:2]
    x1, y1, x2, y2 = np.clip(np.array(drawn, float), 0, (width, height, width, height)).tolist()
    if x2 - x1 < MIN_SIDE or y2 - y1 < MIN_SIDE:
        raise ValueError(
            f'the box lies outside of the image or has less than {MIN_SIDE} pixels a side; x2 must be more than x1 '
            'and y2 more than y1'
        )
    return x1, y1, x2, y2
