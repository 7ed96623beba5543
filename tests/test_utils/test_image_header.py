"""What the header of an image file says."""

import io
import struct
import warnings

import cv2
import numpy as np
import pytest
from PIL import Image, features

from mmosis.utils.image_header import ImageHeader, read_header

NEEDS_AVIF = pytest.mark.skipif(not features.check('avif'), reason='this Pillow does not write AVIF')


@pytest.mark.parametrize(
    'file_format',
    ['JPEG', 'PNG', 'WEBP', 'TIFF', 'BMP', 'PPM', 'GIF', 'JPEG2000', pytest.param('AVIF', marks=NEEDS_AVIF)],
)
def test_formats(file_format: str) -> None:
    file = io.BytesIO()
    Image.fromarray(np.zeros((40, 50, 3), np.uint8)).save(file, file_format)
    assert read_header(file.getvalue()) == ImageHeader(file_format, 50, 40, 1)


@pytest.mark.parametrize('channels', [3, 4])
def test_a_tiff_of_numbers_that_pillow_has_no_mode_for(channels: int) -> None:
    content = cv2.imencode('.tif', np.zeros((40, 50, channels), np.float64))[1].tobytes()
    with pytest.raises(Image.UnidentifiedImageError):
        Image.open(io.BytesIO(content))
    assert read_header(content) == ImageHeader('TIFF', 50, 40, 1)


@pytest.mark.parametrize('file_format', ['GIF', 'PNG', 'WEBP', 'TIFF'])
def test_frames(file_format: str) -> None:
    frames = [Image.fromarray(np.full((40, 50, 3), value, np.uint8)) for value in (0, 120, 240)]
    file = io.BytesIO()
    frames[0].save(file, file_format, save_all=True, append_images=frames[1:])
    assert read_header(file.getvalue()) == ImageHeader(file_format, 50, 40, 3)


def test_a_header_that_claims_much_is_read_without_a_warning() -> None:
    bitmap = bytearray(cv2.imencode('.bmp', np.zeros((4, 4, 3), np.uint8))[1].tobytes())
    bitmap[18:26] = struct.pack('<ii', 70_000, 80_000)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert read_header(bytes(bitmap)) == ImageHeader('BMP', 70_000, 80_000, 1)


@pytest.mark.parametrize('content', [b'', b'a text', b'GIF89a', b'II*\0', b'%!PS-Adobe-3.0 EPSF-3.0', b'P6 9'])
def test_no_header(content: bytes) -> None:
    assert read_header(content) is None
