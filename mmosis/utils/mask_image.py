"""Masks in image files: in the alpha of a cut-out, in the index of a palette, or in the pixels."""

import warnings
from io import BytesIO

import numpy as np
from PIL import Image

from .image import decode_image, turn
from .image_header import ORIENTATION


def decode_mask(content: bytes, name: str) -> np.ndarray:
    """Decode the mask of an object from the bytes of an image file, turned upright as EXIF says.

    The object is where alpha is opaque, if that differs in the image. Else, where the index of a palette is another
    than that of black, or than 0 if no entry is black. Else, where a colour channel is not 0, in the depth of the file:
    labels of 16 bits may be small numbers. JPEG, AVIF and lossy WebP change zeros a little, so there it is the upper
    half of the values.

    Args:
        content: The file's bytes.
        name: What to call it in an error.

    Returns:
        np.ndarray: (H, W) bool.

    Raises:
        ValueError: If it is no image or is cut off.
    """
    pixels = decode_image(content, name, 'unchanged')
    opened = _open(content)
    if opened is None:
        return _not_zero(pixels, content)
    mask = find_opaque(_alpha_of(opened))
    if mask is None:
        mask = _not_background(opened) if opened.mode == 'P' else _not_zero(pixels, content)
    return turn(mask, opened.getexif().get(ORIENTATION, 1))


def decode_alpha(content: bytes) -> np.ndarray | None:
    """Decode the alpha of an image file, turned upright as EXIF says: (H, W) uint8; None if it has none."""
    opened = _open(content)
    alpha = None if opened is None else _alpha_of(opened)
    return None if alpha is None else turn(alpha, opened.getexif().get(ORIENTATION, 1))


def find_opaque(alpha: np.ndarray | None) -> np.ndarray | None:
    """Find the object of a cut-out.

    Args:
        alpha: (H, W).

    Returns:
        np.ndarray: (H, W) bool, where alpha is at least half of its largest value; None if that is everywhere, so that
        alpha says nothing.
    """
    if alpha is None or not alpha.size:
        return None
    opaque = alpha >= alpha.max() / 2
    return None if opaque.all() else opaque


def _open(content: bytes) -> Image.Image | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', Image.DecompressionBombWarning)  # callers have checked its size
            opened = Image.open(BytesIO(content))
            opened.load()
    except Exception:  # a file that Pillow does not know may still be one that OpenCV knows
        return None
    return opened


def _alpha_of(opened: Image.Image) -> np.ndarray | None:
    return np.asarray(opened.convert('RGBA').getchannel('A')) if opened.has_transparency_data else None


def _not_background(opened: Image.Image) -> np.ndarray:
    """Where a palette's index is not that of the background: of black, if the image has any, or else 0."""
    index = np.asarray(opened)
    colours = np.full((256, 3), 255)  # an index may have no entry
    entries = np.array(opened.getpalette('RGB')).reshape(-1, 3)
    colours[: len(entries)] = entries
    is_black = (colours == 0).all(axis=1)[index]
    return ~is_black if is_black.any() else index != 0


def _not_zero(pixels: np.ndarray, content: bytes) -> np.ndarray:
    channels = pixels[..., None] if pixels.ndim == 2 else pixels[..., :3]
    return (channels > 127 if _is_lossy(content) else channels != 0).any(axis=2)


def _is_lossy(content: bytes) -> bool:
    is_jpeg, is_avif = content.startswith(b'\xff\xd8'), content[4:8] == b'ftyp'
    return is_jpeg or is_avif or (content.startswith(b'RIFF') and content[12:16] == b'VP8 ')
