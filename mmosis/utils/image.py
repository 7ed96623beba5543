"""Read image files as they come from cameras and label tools."""

import errno
import os
import stat
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps
from PIL.TiffImagePlugin import BITSPERSAMPLE

from .fraction_of import fraction_of
from .image_header import ORIENTATION, read_tiff_tags
from .install import install_hint
from .web_address import is_web_address, refuse_web_address

TIFF = (b'II*\0', b'MM\0*', b'II+\0', b'MM\0+')
FLAGS = dict(
    color=cv2.IMREAD_COLOR,
    color_ignore_orientation=cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION,
    unchanged=cv2.IMREAD_UNCHANGED,
)


def read_image(path: str, size: tuple[int, int] | None = None, backend_args: dict | None = None) -> np.ndarray:
    """Read an image file as 8-bit colour.

    Grey, palette, CMYK and 16-bit files are converted, alpha is dropped. A rotation in the EXIF data is applied, as
    label tools and browsers do, unless ``size`` fits the image only as it is stored.

    Args:
        path: The file, or an address that MMEngine's file backends know.
        size: (h, w) that the annotation file states, if any.
        backend_args: Arguments of the MMEngine file backend.

    Returns:
        np.ndarray: (H, W, 3) uint8, BGR as mmcv reads.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is no image, is cut off, or has not the stated size.
    """
    try:
        content = read_bytes(path, backend_args)
    except FileNotFoundError as error:
        raise FileNotFoundError(f'image {path} does not exist; check data_prefix in the config') from error
    image = decode_image(content, path)
    if size is None or image.shape[:2] == tuple(size):
        return image
    stored = decode_image(content, path, 'color_ignore_orientation')
    if stored.shape[:2] == tuple(size):
        return stored
    raise ValueError(
        f'image {path} is {image.shape[0]}x{image.shape[1]} (h x w), but the annotation file says {size[0]}x{size[1]}; '
        'annotations and image do not belong together'
    )


def read_bytes(path: str | Path, backend_args: dict | None = None) -> bytes:
    """Read a file, or what an address of MMEngine's file backends gives.

    Raises:
        FileNotFoundError: If there is no such file.
        ImportError: If an address is given and MMEngine is not installed.
        ValueError: If it is a pipe, a socket or a device, which are never opened; an address that MMEngine's backends
            cannot read; or one of the web, without MMEngine.
    """
    if backend_args is None and '://' not in str(path):
        check_regular(path)
        with Path(path).open('rb') as file:
            return file.read(os.path.getsize(path))  # what the system makes up as it is read says 0, and may not end
    try:
        from mmengine.fileio import get
    except ImportError as error:  # mmosis.compat has an error of its own where torch is missing
        if is_web_address(path):
            raise ValueError(refuse_web_address(path)) from error
        raise ImportError(
            f'{path} is read by MMEngine, which is not installed: give a file, or {install_hint("onedl")}'
        ) from error
    try:
        return get(path, backend_args=backend_args)
    except (OSError, MemoryError):
        raise
    except Exception as error:  # a backend that is not there, or not installed
        raise ValueError(
            f'{path} cannot be read by the file backends of MMEngine ({type(error).__name__}: {error}); give a file'
        ) from error


def check_regular(path: str | Path) -> None:
    """Refuse what is no regular file: a pipe may wait for ever, and to open a device may do anything.

    Raises:
        FileNotFoundError: If there is nothing.
        IsADirectoryError: If it is a folder.
        ValueError: If it is something else.
    """
    mode = os.stat(path).st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        found = 'a pipe' if stat.S_ISFIFO(mode) else 'a socket' if stat.S_ISSOCK(mode) else 'a device'
        raise ValueError(f'{path} is no regular file but {found}, which is not opened')


def decode_image(content: bytes, name: str, flag: str = 'color') -> np.ndarray:
    """Decode the bytes of an image file: (H, W, 3) uint8, BGR.

    Args:
        content: The file's bytes.
        name: What to call it in an error.
        flag: As mmcv has them, a key of FLAGS; 'unchanged' keeps depth and channels as they are.

    Raises:
        ValueError: If they are no image, are cut off, or are a TIFF file of more than 16 bits a channel.
    """
    if flag != 'unchanged' and content.startswith(TIFF):
        _check_depth(content, name)
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), FLAGS[flag]) if content else None
    except cv2.error as error:  # e.g. a header that claims more pixels than OpenCV takes
        raise ValueError(f'{name} cannot be decoded: {error.err or error}') from error
    if image is None:
        raise ValueError(f'{name} is not a readable image: {len(content)} bytes, cut off or of an unknown format')
    return _turn_avif(image, content) if flag == 'color' and content[4:8] == b'ftyp' else image


def turn(array: np.ndarray, orientation: int) -> np.ndarray:
    """Turn an image (H, W) or (H, W, 3) upright.

    Args:
        array: As it is stored.
        orientation: As EXIF has it, 1-8.
    """
    stored = Image.fromarray(array)
    stored.getexif()[ORIENTATION] = orientation
    return np.array(ImageOps.exif_transpose(stored))


def _turn_avif(image: np.ndarray, content: bytes) -> np.ndarray:
    """AVIF has a rotation of its own, which OpenCV ignores and Pillow reports as one of EXIF."""
    with Image.open(BytesIO(content), formats=['AVIF']) as opened:
        return turn(image, opened.getexif().get(ORIENTATION, 1))


def from_pillow(image: Image.Image) -> np.ndarray:
    """Turn an image of Pillow into an array, upright as its EXIF says.

    Returns:
        np.ndarray: (H, W, 3) uint8, BGR; with transparency (H, W, 4), BGRA.

    Raises:
        ValueError: If its pixels are floats, or its file is cut off.
    """
    try:
        image = ImageOps.exif_transpose(image)
    except OSError as error:  # Pillow reads a file when its pixels are asked for
        raise ValueError(f'an image of Pillow cannot be read: {error}') from error
    if image.mode == 'F':
        raise ValueError('an image of floats has no known range of values; give an array of uint8')
    if image.mode.startswith('I'):  # 16 bits
        return np.repeat((np.asarray(image) >> 8).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
    if image.has_transparency_data:
        return np.asarray(image.convert('RGBA'))[..., [2, 1, 0, 3]]
    return np.ascontiguousarray(np.asarray(image.convert('RGB'))[..., ::-1])


def _check_depth(content: bytes, name: str) -> None:
    """Refuse a TIFF file that OpenCV does not turn into colour, before it says so in its own words."""
    try:
        bits = int(np.max(read_tiff_tags(content).get(BITSPERSAMPLE, 1)))
    except Exception:  # what else is wrong with it, OpenCV finds
        return
    if bits > 16:
        raise ValueError(
            f'{name} is a TIFF file of {bits} bits a channel, which are no colours as they are; save it with 8 or 16 '
            'bits, its values stretched over their range'
        )


def crop_box(image: np.ndarray, bbox: np.ndarray, margin: float = 0.0) -> np.ndarray:
    """Cut the box of an object out of an image.

    Args:
        image: (H, W, 3).
        bbox: xyxy, float pixels of this image; the crop covers every pixel that it touches.
        margin: Context to keep on each side, as a fraction of the box's width and height; cut at the image border.

    Returns:
        np.ndarray: (h, w, 3), a view of the image.

    Raises:
        ValueError: If the box has no area in the image or reaches out of it by a pixel or more.
    """
    height, width = image.shape[:2]
    x1, y1, x2, y2 = (float(value) for value in bbox)
    if not (-1 < x1 < min(x2, width) and -1 < y1 < min(y2, height) and 0 < x2 < width + 1 and 0 < y2 < height + 1):
        raise ValueError(
            f'a reference box must be xyxy with an area, inside the {height}x{width} (h x w) image, got '
            f'{[x1, y1, x2, y2]}'
        )
    dx, dy = fraction_of(margin, x2 - x1), fraction_of(margin, y2 - y1)
    left, top = max(0, int(np.floor(x1 - dx))), max(0, int(np.floor(y1 - dy)))
    right, bottom = min(width, int(np.ceil(x2 + dx))), min(height, int(np.ceil(y2 + dy)))
    return image[top:bottom, left:right]
