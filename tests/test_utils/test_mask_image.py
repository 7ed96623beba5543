"""Masks in image files of every format that tools write."""

from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image, ImageFilter, features

from mmosis.utils.image import decode_image
from mmosis.utils.mask_image import decode_alpha, decode_mask, find_opaque

MASK = np.zeros((20, 30), bool)
MASK[4:9, 5:25] = True
LABELS = MASK.astype(np.uint8)
VIRIDIS = [68, 1, 84, 253, 231, 36]  # no colour of it is black


def encode(array: np.ndarray, suffix: str = '.png') -> bytes:
    return cv2.imencode(suffix, array)[1].tobytes()


def save(image: Image.Image, file_format: str = 'PNG', **options: object) -> bytes:
    file = BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def paint(colour: int, background: int = 0) -> np.ndarray:
    """Of one colour (H, W, 4), opaque on the object."""
    pixels = np.where(MASK, colour, background).astype(np.uint8)
    return np.dstack([pixels] * 3 + [255 * LABELS])


def with_palette(labels: np.ndarray, colours: list[int]) -> Image.Image:
    image = Image.fromarray(labels, 'L')
    image = image.convert('P')
    image.putdata(labels.ravel().tolist())
    image.putpalette(colours)
    return image


@pytest.mark.parametrize(
    'content',
    [
        encode(LABELS),
        encode(255 * LABELS),
        encode(3 * MASK.astype(np.uint16)),
        encode(np.dstack([3 * MASK.astype(np.uint16), *[0 * MASK.astype(np.uint16)] * 2])),
        encode(np.dstack([LABELS, 0 * LABELS, 0 * LABELS])),
        encode(np.dstack([255 * LABELS] * 3), '.bmp'),
        save(Image.fromarray(MASK)),
        # The object is in the alpha.
        encode(paint(0)),
        encode(paint(255, 255)),
        encode(paint(90, 200)),
        save(Image.fromarray(paint(255, 255)).convert('LA')),
        save(Image.fromarray(paint(255, 255)), 'WEBP', lossless=True),
        encode(paint(255, 255), '.tiff'),
        save(with_palette(LABELS, VIRIDIS), transparency=0),
        # All is opaque, and the object in the colours.
        encode(np.dstack([255 * LABELS] * 3 + [0 * LABELS + 255])),
        # The object is in the index of a palette; that of black is the background, or else 0.
        save(with_palette(LABELS, VIRIDIS)),
        save(with_palette(7 * LABELS, VIRIDIS + 30 * [99])),
        save(with_palette(1 - LABELS, [255, 255, 255, 0, 0, 0])),
        save(with_palette(LABELS, [0, 0, 0, 128, 0, 0])),
        save(with_palette(LABELS, VIRIDIS), 'GIF'),
        # JPEG has no exact zeros.
        save(Image.fromarray(255 * LABELS), 'JPEG', quality=50),
    ],
)
def test_the_object_is_found(content: bytes) -> None:
    mask = decode_mask(content, 'mask')
    assert mask.dtype == bool
    np.testing.assert_array_equal(mask, MASK)


@pytest.mark.parametrize('image', [Image.fromarray(255 * LABELS), Image.fromarray(paint(9))])
@pytest.mark.parametrize(('file_format', 'options'), [('PNG', {}), ('TIFF', {}), ('WEBP', dict(lossless=True))])
def test_exif_turns_it_upright(image: Image.Image, file_format: str, options: dict) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    mask = decode_mask(save(image, file_format, exif=exif, **options), 'mask')
    np.testing.assert_array_equal(mask, np.rot90(MASK, -1))


def test_a_mask_of_everything_is_one() -> None:
    """Whoever takes it refuses it."""
    assert decode_mask(encode(LABELS + 1), 'mask').all()


@pytest.mark.parametrize('content', [b'', b'no image', encode(LABELS)[:30]])
def test_what_is_no_image(content: bytes) -> None:
    with pytest.raises(ValueError, match=r'a mask\.png is not a readable image'):
        decode_mask(content, 'a mask.png')


def test_alpha() -> None:
    np.testing.assert_array_equal(decode_alpha(encode(paint(9))), 255 * LABELS)
    assert decode_alpha(encode(LABELS)) is None
    assert decode_alpha(b'no image') is None


def test_what_is_opaque() -> None:
    soft = np.array([[0, 60, 99], [100, 101, 200]], np.uint8)
    np.testing.assert_array_equal(find_opaque(soft), [[False, False, False], [True, True, True]])
    for tells_nothing in (None, np.zeros((2, 2), np.uint8), np.full((2, 2), 255, np.uint8), np.zeros((0, 2), np.uint8)):
        assert find_opaque(tells_nothing) is None


@pytest.mark.parametrize(
    'settings',
    [dict(file_format='JPEG'), dict(file_format='AVIF'), dict(file_format='WEBP')],
    ids=lambda s: s['file_format'],
)
def test_what_lossy_files_change_beside_the_object_is_no_mask(settings: dict) -> None:
    if settings['file_format'] == 'AVIF' and not features.check('avif'):
        pytest.skip('this Pillow does not write AVIF')
    image = Image.fromarray(255 * cv2.resize(LABELS, None, fx=8, fy=8, interpolation=cv2.INTER_NEAREST))
    content = save(image.filter(ImageFilter.GaussianBlur(1)), quality=20, **settings)
    pixels = np.asarray(image.filter(ImageFilter.GaussianBlur(1)))
    assert decode_image(content, 'x')[pixels == 0].any()
    assert (decode_mask(content, 'x') != (pixels > 127)).mean() < 0.01
