"""The images that a user gives: files, arrays, folders."""

import os
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mmosis.utils.image import decode_image, read_bytes
from mmosis.utils.mask_image import decode_alpha, decode_mask, find_opaque

from .parquet import SUFFIX, read_paths

IMG_EXTENSIONS = ('.jpg', '.jpeg', '.png', '.ppm', '.bmp', '.pgm', '.tif', '.tiff', '.webp')  # DetInferencer's
MIN_SIDE = 4  # pixels
MAX_ASPECT = 50  # longer side to shorter: scaled down for the network, something is left of the shorter
ANIMATED = {'GIF', 'WEBP', 'PNG', 'TIFF', 'AVIF'}


def list_images(inputs: Any) -> list[str | np.ndarray]:
    """List the images that inputs name.

    Args:
        inputs: A file, a folder (its image files by name, not those of folders in it), an array (H, W, 3) BGR, or a
            list of these. A text file (``.txt``) names an image a line, a Parquet file one a row, see
            :func:`~mmosis.search.parquet.read_paths`; whether these exist is not looked at.

    Raises:
        TypeError: If it is something else.
        FileNotFoundError: If there is no such file or folder.
        ImportError: If there is a Parquet file and pyarrow is not installed.
        ValueError: If a folder or a file of paths has no images or cannot be read, or nothing is given.
    """
    if isinstance(inputs, str | Path | np.ndarray):
        inputs = [inputs]
    if not isinstance(inputs, Sequence):
        raise TypeError(
            f'images must be paths, folders, arrays (H, W, 3) or a list of them, got {type(inputs).__name__}'
        )
    if not inputs:
        raise ValueError('there is no image to search')
    return [image for item in inputs for image in _expand(item)]


def _expand(item: Any) -> list[str | np.ndarray]:
    if isinstance(item, np.ndarray) or (isinstance(item, str) and '://' in item):
        return [item]
    if not isinstance(item, str | Path):
        raise TypeError(f'an image must be a path or an array (H, W, 3), got {type(item).__name__}')
    path = Path(item).expanduser()
    if not path.exists():
        raise FileNotFoundError(f'there is no image or folder {item}')
    if path.suffix == SUFFIX or (path.suffix == '.txt' and not path.is_dir()):
        return _read_list(path)
    if not path.is_dir():
        return [str(path)]
    files = sorted(str(file) for file in path.iterdir() if file.suffix.lower() in IMG_EXTENSIONS and not file.is_dir())
    if not files:
        raise ValueError(f'folder {item} has no images; they end in {", ".join(IMG_EXTENSIONS)}')
    return files


def _read_list(path: Path) -> list[str]:
    """Read the paths that a file names, relative ones as if they were given in its place."""

    def read_lines() -> list[str]:
        return path.read_text('utf-8', 'surrogateescape').split('\n')  # as Python has names that are no UTF-8

    named = read_paths(path) if path.suffix == SUFFIX else read_lines()
    files = [os.path.expanduser(line) for line in named if line.strip()]
    if not files:
        raise ValueError(f'{path} names no image; it takes a path a line, or in Parquet one a row')
    return files


def load_image(image: str | Path | np.ndarray) -> np.ndarray:
    """Read an image, or check an array.

    Args:
        image: A file, an address that MMEngine's file backends know, or an array: (H, W, 3) BGR, (H, W, 4) BGRA or
            (H, W) grey, uint8.

    Returns:
        np.ndarray: (H, W, 3) uint8, BGR.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it cannot be read, is animated, too small, or an array of another kind.
    """
    if isinstance(image, np.ndarray):
        return check_image(_colour(image), 'an image array')
    content = _read(image)
    _refuse_animation(content, str(image))
    return check_image(decode_image(content, str(image)), str(image))


def load_cutout(image: str | Path | np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Read an image and the mask of the object that it shows, if its alpha is one.

    Args:
        image: As :func:`load_image` takes it.

    Returns:
        tuple: The image, (H, W, 3) uint8, BGR; and where it is opaque, (H, W) bool, or None if it is that everywhere.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: As :func:`load_image`.
    """
    loaded = load_image(image)
    if isinstance(image, np.ndarray):
        alpha = image[..., 3] if image.shape[2:] == (4,) else None
    else:
        alpha = decode_alpha(_read(image))
    mask = find_opaque(alpha)
    return loaded, mask if mask is not None and mask.shape == loaded.shape[:2] else None


def load_mask(path: str | Path) -> np.ndarray:
    """Read a mask from an image file, see :func:`~mmosis.utils.mask_image.decode_mask`.

    Returns:
        np.ndarray: (H, W) bool.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it cannot be read.
    """
    return decode_mask(_read(path), str(path))


def _read(path: str | Path) -> bytes:
    try:
        return read_bytes(os.path.expanduser(path))
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


def _refuse_animation(content: bytes, name: str) -> None:
    try:
        with Image.open(BytesIO(content)) as opened:
            frames = getattr(opened, 'n_frames', 1) if opened.format in ANIMATED else 1
    except Exception:  # a file that Pillow does not know may still be one that OpenCV knows
        return
    if frames > 1:
        raise ValueError(f'{name} has {frames} frames; save the one to search as an image of its own')
