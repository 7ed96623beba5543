"""Load image files, arrays and masks of users; no file is decoded before its header has been checked."""

import os
from pathlib import Path

import numpy as np

from mmosis.utils.image import decode_image, read_bytes
from mmosis.utils.image_header import read_header
from mmosis.utils.mask_image import decode_alpha, decode_mask, find_opaque

MAX_PIXELS = 100_000_000
MIN_SIDE = 4  # pixels
MAX_ASPECT = 50  # longer side to shorter: scaled down for the network, something is left of the shorter
PIXEL_BYTES = 8  # at most: four channels of 16 bits
ROOM = 2**26  # bytes of a file beside its pixels
RAISE_LIMIT = 'raise the limit: --max-pixels, or max_pixels in Python'
ANIMATED = {'WEBP', 'PNG', 'TIFF', 'AVIF'}  # of a GIF the first frame is taken


def load_image(image: str | Path | np.ndarray, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Read an image, or check an array.

    Args:
        image: A file, an address that MMEngine's file backends know, or an array: (H, W, 3) BGR, (H, W, 4) BGRA or
            (H, W) grey, uint8.
        max_pixels: A file whose header says that it has more is not decoded.

    Returns:
        np.ndarray: (H, W, 3) uint8, BGR.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it cannot be read, is no regular file, animated, too small or too large, or an array of another
            type or shape.
    """
    if isinstance(image, np.ndarray):
        return check_image(_colour(image), 'an image array')
    return decode_checked(_read(image, max_pixels), str(image), max_pixels)


def decode_checked(content: bytes, name: str, max_pixels: int = MAX_PIXELS, alpha: bool = False) -> np.ndarray:
    """Decode the content of an image file, once its header has been checked.

    Args:
        content: Of the file.
        name: What to call it in an error.
        max_pixels: As in :func:`load_image`.
        alpha: Whether a cut-out is wanted with its alpha, as a reference is.

    Returns:
        np.ndarray: (H, W, 3) uint8, BGR; with ``alpha`` and of a cut-out (H, W, 4) BGRA, opaque on the object.

    Raises:
        ValueError: As :func:`load_image`.
    """
    _check_header(content, name, max_pixels)
    image = check_image(decode_image(content, name), name)
    mask = find_opaque(decode_alpha(content)) if alpha else None
    if mask is None or mask.shape != image.shape[:2]:
        return image
    return np.dstack([image, 255 * mask.astype(np.uint8)])


def load_cutout(image: str | Path | np.ndarray, max_pixels: int = MAX_PIXELS) -> tuple[np.ndarray, np.ndarray | None]:
    """Read an image and the mask of the object that it shows, if its alpha is one.

    Args:
        image: As :func:`load_image` takes it.
        max_pixels: As in :func:`load_image`.

    Returns:
        tuple: The image, (H, W, 3) uint8, BGR; and where it is opaque, (H, W) bool, or None if it is that everywhere.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: As :func:`load_image`.
    """
    loaded = load_image(image, max_pixels)
    if isinstance(image, np.ndarray):
        alpha = image[..., 3] if image.shape[2:] == (4,) else None
    else:
        alpha = decode_alpha(_read(image, max_pixels))
    mask = find_opaque(alpha)
    return loaded, mask if mask is not None and mask.shape == loaded.shape[:2] else None


def load_mask(path: str | Path, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Read a mask from an image file, see :func:`~mmosis.utils.mask_image.decode_mask`.

    Args:
        path: The file.
        max_pixels: As in :func:`load_image`.

    Returns:
        np.ndarray: (H, W) bool.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it cannot be read.
    """
    content = _read(path, max_pixels)
    _check_header(content, str(path), max_pixels, any_frame=True)
    return decode_mask(content, str(path))


def _read(path: str | Path, max_pixels: int) -> bytes:
    path = os.path.expanduser(path)
    most = PIXEL_BYTES * max_pixels + ROOM
    try:
        if os.path.isfile(path) and os.path.getsize(path) > most:
            raise ValueError(
                f'{path} has {os.path.getsize(path)} bytes, more than an image of {max_pixels} pixels; make it '
                f'smaller, or {RAISE_LIMIT}'
            )
        return read_bytes(path)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise FileNotFoundError(f'there is no image file {path}') from error


def check_image(image: np.ndarray, name: str) -> np.ndarray:
    """Refuse an image that is too small or too narrow to show anything.

    Raises:
        ValueError: If a side has less than MIN_SIDE pixels, or one is more than MAX_ASPECT times the other.
    """
    if min(image.shape[:2]) < MIN_SIDE:
        raise ValueError(
            f'{name} has {image.shape[1]}x{image.shape[0]} pixels (w x h); it takes at least {MIN_SIDE} a side to see '
            'anything'
        )
    if max(image.shape[:2]) > MAX_ASPECT * min(image.shape[:2]):
        raise ValueError(
            f'{name} has {image.shape[1]}x{image.shape[0]} pixels (w x h); one side may be at most {MAX_ASPECT} times '
            'the other; cut it into pieces'
        )
    return image


def _colour(image: np.ndarray) -> np.ndarray:
    """Turn an array into (H, W, 3)."""
    if image.ndim == 2:
        image = np.repeat(image[..., None], 3, axis=2)
    if image.ndim != 3 or image.shape[2] not in (3, 4) or image.dtype != np.uint8:
        raise ValueError(
            'an image array must be uint8, (H, W, 3) BGR, (H, W, 4) BGRA or (H, W) grey, got '
            f'{image.dtype} {image.shape}'
        )
    return np.ascontiguousarray(image[..., :3])


def _check_header(content: bytes, name: str, max_pixels: int, any_frame: bool = False) -> None:
    """Refuse a file that has no header, is too large to decode, or has several frames."""
    header = read_header(content)
    if header is None:
        raise ValueError(f'{name} is not a readable image: {len(content)} bytes, cut off or of an unknown format')
    if header.width * header.height > max_pixels:
        raise ValueError(
            f'{name} has {header.width}x{header.height} pixels (w x h), more than {max_pixels}; make it smaller, or '
            f'{RAISE_LIMIT}'
        )
    if header.format in ANIMATED and header.num_frames > 1 and not any_frame:
        raise ValueError(f'{name} has {header.num_frames} frames; save the one to search as an image of its own')
