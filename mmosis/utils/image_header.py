"""What the header of an image file says, before anything is decoded."""

import warnings
from io import BytesIO
from typing import NamedTuple

from PIL import Image
from PIL.TiffImagePlugin import IMAGELENGTH, IMAGEWIDTH, ImageFileDirectory_v2

ORIENTATION = 0x0112  # EXIF's tag of the rotation
FORMATS = ('JPEG', 'PNG', 'WEBP', 'TIFF', 'BMP', 'DIB', 'PPM', 'GIF', 'AVIF', 'JPEG2000')


class ImageHeader(NamedTuple):
    """What it says.

    Attributes:
        format: As Pillow calls it.
        width: Pixels.
        height: Pixels.
        num_frames: Images in the file.
    """

    format: str
    width: int
    height: int
    num_frames: int


def read_header(content: bytes) -> ImageHeader | None:
    """Read the header of an image file; None if the file is of none of FORMATS, or its header is broken.

    Pillow's own limit of pixels is left aside: it is one for the whole process, and warns.
    """
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # of what is broken beside the picture
        for name in FORMATS:
            try:
                opened = _open(name, content)
                if opened is not None:
                    return ImageHeader(opened.format, *opened.size, getattr(opened, 'n_frames', 1))
            except Exception:  # of a broken file Pillow raises what it meets
                return _read_tiff(content) if name == 'TIFF' else None
    return None


def _open(name: str, content: bytes) -> Image.Image | None:
    """Open a file by one of Pillow's plugins, if it is of that format."""
    if name not in Image.OPEN:
        Image.init()
    if name not in Image.OPEN:  # this Pillow was built without
        return None
    plugin, accepts = Image.OPEN[name]
    accepted = accepts is None or accepts(content[:16])
    return plugin(BytesIO(content), '') if accepted and not isinstance(accepted, str) else None


def _read_tiff(content: bytes) -> ImageHeader | None:
    """Read a TIFF of numbers that Pillow has no mode for, and OpenCV reads."""
    try:
        tags = read_tiff_tags(content)
        return ImageHeader('TIFF', int(tags[IMAGEWIDTH]), int(tags[IMAGELENGTH]), 1)
    except Exception:
        return None


def read_tiff_tags(content: bytes) -> ImageFileDirectory_v2:
    """Read the tags of the first image of a TIFF file.

    Raises:
        Exception: Of any type, Pillow's, if the file is broken.
    """
    tags = ImageFileDirectory_v2(content[: 16 if b'+' in content[:4] else 8])  # BigTIFF has a longer header
    file = BytesIO(content)
    file.seek(tags.next)
    tags.load(file)
    return tags
