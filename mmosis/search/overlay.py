"""draw_search: what a search found, with the references inset (as in the paper's Fig. 5)."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mmosis.structures import FoundObjects
from mmosis.utils.atomic import write_atomic

MIN_SIDE, MAX_SIDE = 480, 2048  # pixels of the shorter and the longer side; other images are drawn larger or smaller
OPACITY = 0.45
INSET = 0.2  # of the shorter side
PAD = 2  # pixels around a name
Colour = tuple[int, int, int]


def category_colours(num: int) -> list[Colour]:
    """Colours, RGB 0-255, that are easily distinguished: ten, then twenty, then as many as it takes."""
    import matplotlib as mpl  # slow to import, and most searches draw nothing

    name = 'tab10' if num <= 10 else 'tab20' if num <= 20 else 'hsv'
    colours = mpl.colormaps[name]
    places = range(num) if name != 'hsv' else np.linspace(0, 1, num, endpoint=False)
    return [tuple(round(255 * channel) for channel in colours(place)[:3]) for place in places]


def draw_search(
    image: np.ndarray, found: FoundObjects, classes: Sequence[str], references: Sequence[tuple[int, np.ndarray]] = ()
) -> np.ndarray:
    """Draw masks, outlines, names and scores over the image, and the references at the lower left.

    Args:
        image: (H, W, 3) uint8, RGB.
        found: ``bboxes`` (N, 4) xyxy pixels, ``scores``, ``labels``, and maybe ``masks`` (RLE) and ``tracks``,
            of which 0 is none.
        classes: Name of each label.
        references: Label and image (h, w, 3) RGB of each reference.

    Returns:
        np.ndarray: (h, w, 3) uint8, RGB; of the image's size but for very small and very large ones.
    """
    scale = min(max(1.0, MIN_SIDE / min(image.shape[:2])), MAX_SIDE / max(image.shape[:2]))
    size = tuple(max(1, round(side * scale)) for side in image.shape[1::-1])
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas = cv2.resize(np.ascontiguousarray(image), size, interpolation=interpolation)
    colours = category_colours(len(classes))
    width = max(1, round(min(size) / 300))
    boxes, labels = found.bboxes, found.labels.tolist()
    for i, (box, label) in enumerate(zip(boxes, labels, strict=True)):
        if 'masks' in found:
            _draw_mask(canvas, found.masks, i, box, scale, colours[label], width)
        else:
            corners = np.round(box * scale).astype(int).tolist()
            cv2.rectangle(canvas, corners[:2], corners[2:], colours[label], width)
    tracks = found.tracks.tolist() if 'tracks' in found else [0] * len(labels)
    for box, label, score, track in zip(boxes, labels, found.scores.tolist(), tracks, strict=True):
        name = f'{classes[label]} #{track}' if track else classes[label]
        _write(canvas, f'{name} {100 * score:.0f}', box[:2] * scale, colours[label])
    _inset(canvas, [(colours[label], picture) for label, picture in references], 2 * width)
    return canvas


def write_image(path: Path, picture: np.ndarray) -> None:
    """Write an image (H, W, 3) RGB in the format of its suffix.

    Raises:
        OSError: If it cannot be written.
    """
    _, encoded = cv2.imencode(path.suffix, picture[..., ::-1])
    write_atomic(path, encoded.tobytes())


def _draw_mask(
    canvas: np.ndarray, masks: Sequence, index: int, box: np.ndarray, scale: float, colour: Colour, width: int
) -> None:
    """Tint the mask, which is cut out around its box, and trace its border."""
    height, length = masks.img_shape
    x1, y1 = np.clip(np.floor(box[:2]).astype(int) - 1, 0, (length, height)).tolist()
    x2, y2 = np.clip(np.ceil(box[2:]).astype(int) + 1, 0, (length, height)).tolist()
    if x1 >= x2 or y1 >= y2:
        return
    left, top = round(x1 * scale), round(y1 * scale)
    right, bottom = min(canvas.shape[1], round(x2 * scale)), min(canvas.shape[0], round(y2 * scale))
    if left >= right or top >= bottom:
        return
    cut = masks.crop(index, (x1, y1, x2, y2)).astype(np.uint8)
    mask = cv2.resize(cut, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST)
    region = canvas[top:bottom, left:right]
    region[mask > 0] = ((1 - OPACITY) * region[mask > 0] + OPACITY * np.array(colour)).astype(np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(canvas, contours, -1, colour, width, cv2.LINE_AA, offset=(left, top))


def _write(canvas: np.ndarray, text: str, corner: np.ndarray, colour: Colour) -> None:
    """Write on a plate in the category's colour, inside the image; in a font that has more than ASCII."""
    font = ImageFont.truetype(_font_file(), round(np.clip(min(canvas.shape[:2]) / 45, 11, 30)))
    left, top, right, bottom = font.getbbox(text)
    width, height = right - left + 2 * PAD, bottom - top + 2 * PAD
    dark = np.dot(colour, (0.299, 0.587, 0.114)) > 150
    plate = Image.new('RGB', (width, height), colour)
    ImageDraw.Draw(plate).text((PAD - left, PAD - top), text, 'black' if dark else 'white', font)
    x = int(np.clip(corner[0], 0, max(0, canvas.shape[1] - width)))
    y = int(np.clip(corner[1] - height, 0, max(0, canvas.shape[0] - height)))
    region = canvas[y : y + height, x : x + width]
    region[:] = np.asarray(plate)[: region.shape[0], : region.shape[1]]


@cache
def _font_file() -> str:
    import matplotlib as mpl

    return str(Path(mpl.get_data_path(), 'fonts/ttf/DejaVuSans.ttf'))


def _inset(canvas: np.ndarray, references: Sequence[tuple[Colour, np.ndarray]], border: int) -> None:
    """Lay the references in a row at the lower left, each in a frame of its category's colour."""
    if not references:
        return
    fitting = canvas.shape[1] // len(references) - 2 * border
    side = max(1, min(round(INSET * min(canvas.shape[:2])), fitting))
    left = 0
    for colour, picture in references:
        scale = side / max(picture.shape[:2])
        size = tuple(max(1, round(length * scale)) for length in picture.shape[1::-1])
        framed = cv2.copyMakeBorder(
            cv2.resize(picture, size, interpolation=cv2.INTER_AREA), *[border] * 4, cv2.BORDER_CONSTANT, value=colour
        )[: canvas.shape[0], : canvas.shape[1] - left]
        canvas[canvas.shape[0] - framed.shape[0] :, left : left + framed.shape[1]] = framed
        left += framed.shape[1]
