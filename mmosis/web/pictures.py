"""Pictures that come over the web: read them, show them, and boxes drawn on what is shown."""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from mmosis.search.images import MIN_SIDE, load_image
from mmosis.search.references import THUMBNAIL_SIZE

MAX_PIXELS = 50_000_000
MIN_SHOWN, MAX_SHOWN = 640, 1024  # pixels of the longer side on the page
Box = tuple[float, float, float, float]


def read_upload(path: str | Path) -> np.ndarray:
    """Read an uploaded file.

    Args:
        path: The file; messages tell its name alone.

    Returns:
        np.ndarray: (H, W, 3) uint8, BGR.

    Raises:
        ValueError: If it is no picture, is animated, too small or too large; the message is for people.
    """
    name = Path(path).name
    try:
        with Image.open(path) as opened:
            width, height = opened.size
    except Image.DecompressionBombError:
        width = height = MAX_PIXELS
    except Exception as error:
        raise ValueError(f'{name} is not a picture that can be read; JPEG, PNG, WebP, BMP and TIFF can') from error
    if width * height > MAX_PIXELS:
        raise ValueError(f'{name} is too large: at most {MAX_PIXELS // 10**6} million pixels, please')
    try:
        return load_image(path)
    except ValueError as error:
        raise ValueError(str(error).replace(str(path), name)) from error


def shown_scale(image: np.ndarray) -> float:
    """How much larger a picture is on the page than in its file."""
    longer = max(image.shape[:2])
    return min(max(longer, MIN_SHOWN), MAX_SHOWN) / longer


def show(image: np.ndarray) -> np.ndarray:
    """Bring a picture to the size for the page.

    Args:
        image: (H, W, 3) BGR.

    Returns:
        np.ndarray: (h, w, 3) RGB.
    """
    size = _shown_size(image)
    enlarged = size[0] > image.shape[1]
    resized = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR if enlarged else cv2.INTER_AREA)
    return np.ascontiguousarray(resized[..., ::-1])


def show_small(image: np.ndarray) -> np.ndarray:
    """Make a thumbnail: (h, w, 3) RGB, of at most THUMBNAIL_SIZE."""
    scale = min(1.0, THUMBNAIL_SIZE / max(image.shape[:2]))
    size = tuple(max(1, round(side * scale)) for side in image.shape[1::-1])
    return np.ascontiguousarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA)[..., ::-1])


def annotate(image: np.ndarray, box: Box | None = None) -> dict:
    """Make the value of the box-drawing widget.

    Args:
        image: (H, W, 3) BGR.
        box: xyxy, pixels of the image.
    """
    scale = shown_scale(image)
    boxes = [] if box is None else [{key: round(value * scale) for key, value in zip(_CORNERS, box, strict=True)}]
    return dict(image=show(image), boxes=[dict(corners, label='', color=_COLOUR) for corners in boxes])


def read_box(value: dict | None, image: np.ndarray) -> Box | None:
    """Read the box that was drawn.

    Args:
        value: Value of the box-drawing widget.
        image: The picture that it shows, (H, W, 3).

    Returns:
        tuple: xyxy, pixels of the image, cut at its border; None without a box.

    Raises:
        ValueError: If the widget shows another picture, or the box lies outside of it.
    """
    if not value or not value['boxes']:
        return None
    if value['image'] is None or value['image'].shape[1::-1] != _shown_size(image):
        raise ValueError('the box was drawn on another picture; please draw it again')
    drawn = np.array([value['boxes'][-1][key] for key in _CORNERS], dtype=float) / shown_scale(image)
    height, width = image.shape[:2]
    x1, y1, x2, y2 = np.clip(drawn, 0, (width, height, width, height)).tolist()
    if x2 - x1 < MIN_SIDE or y2 - y1 < MIN_SIDE:
        raise ValueError(f'the box lies outside of the picture or has less than {MIN_SIDE} pixels a side')
    return x1, y1, x2, y2


_CORNERS = ('xmin', 'ymin', 'xmax', 'ymax')
_COLOUR = 'rgb(255, 122, 0)'  # a list would come back as a list, which the widget does not read


def _shown_size(image: np.ndarray) -> tuple[int, int]:
    """(w, h) on the page."""
    scale = shown_scale(image)
    return max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
