import io
import struct
import sys
import zlib
from types import ModuleType

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps, features

from mmosis.utils.image import crop_box, decode_image, from_pillow, read_bytes, read_image

EXIF_ORIENTATION = 0x0112
# A smooth image, so that JPEG keeps it well; BGR, 40 high, 60 wide.
PICTURE = cv2.resize(np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8), (60, 40))


def _encode(image: Image.Image, file_format: str, **settings) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **settings)
    return file.getvalue()


def _pil(mode: str = 'RGB') -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(PICTURE[..., ::-1])).convert(mode)


def _rotated(file_format: str = 'JPEG', orientation: int = 6) -> bytes:
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    return _encode(_pil(), file_format, exif=exif, **(dict(quality=95) if file_format == 'JPEG' else {}))


@pytest.fixture
def write(tmp_path):
    """Write bytes to a file; returns its path as a string."""

    def _write(content: bytes, name: str = 'image') -> str:
        path = tmp_path / name
        path.write_bytes(content)
        return str(path)

    return _write


@pytest.mark.parametrize('mode', ['RGB', 'RGBA', 'L', 'LA', 'P', '1'])
def test_any_png_becomes_8_bit_colour(mode):
    image = decode_image(_encode(_pil(mode), 'PNG'), 'x')
    assert (image.shape, image.dtype) == ((40, 60, 3), np.uint8)
    np.testing.assert_array_equal(image[..., ::-1], np.asarray(_pil(mode).convert('RGB')))


def test_transparent_pixels_keep_their_colour():
    rgba = np.dstack([PICTURE[..., ::-1], np.zeros((40, 60), dtype=np.uint8)])
    np.testing.assert_array_equal(decode_image(_encode(Image.fromarray(rgba), 'PNG'), 'x'), PICTURE)


@pytest.mark.parametrize('mode', ['RGB', 'L', 'CMYK'])
def test_any_jpeg_becomes_8_bit_colour(mode):
    image = decode_image(_encode(_pil(mode), 'JPEG', quality=95), 'x')
    assert (image.shape, image.dtype) == ((40, 60, 3), np.uint8)
    expected = np.asarray(_pil(mode).convert('RGB'))[..., ::-1].astype(int)
    assert np.abs(image - expected).mean() < 3


@pytest.mark.parametrize('file_format', ['.png', '.tiff'])
@pytest.mark.parametrize('channels', [1, 3])
def test_16_bit_files_are_scaled_to_8_bit(file_format, channels):
    deep = PICTURE.astype(np.uint16)[..., :channels] * 257
    image = decode_image(cv2.imencode(file_format, deep)[1].tobytes(), 'x')
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image, np.broadcast_to(PICTURE[..., :channels], (40, 60, 3)))


@pytest.mark.parametrize('orientation', range(1, 9))
def test_exif_rotation_is_applied(write, orientation):
    content = _rotated(orientation=orientation)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(content))))[..., ::-1]
    np.testing.assert_allclose(read_image(write(content)), expected, atol=8)


@pytest.mark.skipif(not features.check('avif'), reason='this Pillow does not write AVIF')
@pytest.mark.parametrize('orientation', range(1, 9))
def test_the_rotation_of_avif_is_applied(write, orientation):
    """The file tells it in boxes of its own."""
    content = _rotated('AVIF', orientation)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(content))))[..., ::-1]
    np.testing.assert_allclose(read_image(write(content)), expected, atol=8)


@pytest.mark.parametrize('file_format', ['JPEG', 'PNG'])
@pytest.mark.parametrize(('size', 'turned'), [((60, 40), True), ((40, 60), False), (None, True)])
def test_the_stated_size_says_whether_boxes_belong_to_the_rotated_or_the_stored_image(write, file_format, size, turned):
    image = read_image(write(_rotated(file_format)), size)
    expected = cv2.rotate(PICTURE, cv2.ROTATE_90_CLOCKWISE) if turned else PICTURE
    assert image.shape == expected.shape
    assert np.abs(image.astype(int) - expected).mean() < 3


@pytest.mark.parametrize('content', [_rotated(), _encode(_pil(), 'PNG')])
def test_a_size_that_is_neither_is_refused(write, content):
    path = write(content)
    height, width = decode_image(content, path).shape[:2]
    message = (
        rf'image {path} is {height}x{width} \(h x w\), but the annotation file says 41x60; '
        'annotations and image do not belong together'
    )
    with pytest.raises(ValueError, match=message):
        read_image(path, (41, 60))


def test_a_missing_file_is_named(tmp_path):
    path = str(tmp_path / 'none.jpg')
    with pytest.raises(FileNotFoundError, match=f'image {path} does not exist; check data_prefix in the config'):
        read_image(path)


CUTS = [0.01, 0.1, 0.5, 0.9, 0.99, -4, -1]


@pytest.mark.parametrize('cut', CUTS, ids=str)
@pytest.mark.parametrize(
    'settings', [dict(file_format='JPEG'), dict(file_format='JPEG', progressive=True), dict(file_format='PNG')], ids=str
)
def test_a_cut_file_is_refused(write, settings, cut):
    content = _encode(_pil(), **settings)
    rest = content[: cut if cut < 0 else int(cut * len(content))]
    path = write(rest)
    message = f'{path} is not a readable image: {len(rest)} bytes, cut off or of an unknown format'
    with pytest.raises(ValueError, match=message):
        read_image(path)


@pytest.mark.parametrize('content', [b'', b'this is no image', b'<html>404</html>'])
def test_what_is_no_image_is_refused(content):
    with pytest.raises(ValueError, match=f'my.jpg is not a readable image: {len(content)} bytes'):
        decode_image(content, 'my.jpg')


@pytest.mark.parametrize(
    ('bbox', 'rows', 'columns'),
    [
        ((10, 5, 20, 15), (5, 15), (10, 20)),
        ((10.6, 5.4, 20.2, 15.9), (5, 16), (10, 21)),
        ((0, 0, 60, 40), (0, 40), (0, 60)),
        ((-0.9, -0.5, 60.9, 40.5), (0, 40), (0, 60)),
        ((30.2, 7.1, 30.3, 7.2), (7, 8), (30, 31)),
    ],
)
def test_a_crop_covers_every_pixel_that_the_box_touches(bbox, rows, columns):
    crop = crop_box(PICTURE, np.array(bbox))
    np.testing.assert_array_equal(crop, PICTURE[slice(*rows), slice(*columns)])


@pytest.mark.parametrize(
    ('margin', 'rows', 'columns'), [(0.0, (10, 20), (20, 40)), (0.25, (7, 23), (15, 45)), (2.0, (0, 40), (0, 60))]
)
def test_margin_keeps_context_up_to_the_border(margin, rows, columns):
    crop = crop_box(PICTURE, np.array([20, 10, 40, 20]), margin)
    np.testing.assert_array_equal(crop, PICTURE[slice(*rows), slice(*columns)])


def test_a_margin_is_no_pixel_more_than_it_says():
    """0.28 of 25 pixels are 7, which floats make a little more."""
    crop = crop_box(PICTURE, np.array([20, 8, 45, 33]), 0.28)
    np.testing.assert_array_equal(crop, PICTURE[1:40, 13:52])


@pytest.mark.parametrize(
    'bbox',
    [
        (10, 10, 10, 20),
        (10, 10, 20, 10),
        (20, 10, 10, 20),
        (-1, 5, 10, 20),
        (5, 5, 61, 20),
        (5, 5, 20, 41.5),
        (70, 5, 80, 20),
        (-0.9, 5, -0.1, 20),
        (60, 5, 60.5, 20),
        (5, 40.2, 20, 40.8),
        (float('nan'), 5, 20, 20),
    ],
)
def test_a_box_without_area_or_outside_is_refused(bbox):
    message = r'a reference box must be xyxy with an area, inside the 40x60 \(h x w\) image, got \['
    with pytest.raises(ValueError, match=message):
        crop_box(PICTURE, np.array(bbox))


def test_a_header_that_claims_too_many_pixels():
    """OpenCV raises an error of its own then."""
    image = bytearray(_encode(_pil(), 'PNG'))
    image[16:24] = struct.pack('>II', 60_000, 60_000)
    image[29:33] = struct.pack('>I', zlib.crc32(image[12:29]))
    with pytest.raises(ValueError, match=r'^x cannot be decoded: .*MAX_IMAGE_PIXELS'):
        decode_image(bytes(image), 'x')


@pytest.mark.parametrize('depth', [np.uint8, np.uint16])
def test_a_file_as_it_is(depth):
    labels = (np.arange(12, dtype=depth) * 20).reshape(3, 4)
    content = cv2.imencode('.png', labels)[1].tobytes()
    np.testing.assert_array_equal(decode_image(content, 'x', 'unchanged'), labels)


@pytest.mark.parametrize('module', [None, ModuleType('mmengine.fileio')], ids=['missing', 'refused'])
def test_addresses_without_mmengine(module: ModuleType | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'mmengine.fileio', module)
    with pytest.raises(ValueError, match=r'^https://a\.b/c\.jpg is an address, and nothing is fetched: download it'):
        read_bytes('https://a.b/c.jpg')
    with pytest.raises(ImportError, match=r'^s3://a/b\.jpg is read by MMEngine, which is not installed: give a file'):
        read_bytes('s3://a/b.jpg')


def test_addresses_that_mmengine_has_no_backend_for() -> None:
    message = r"^nothing:///a\.jpg cannot be read by the file backends of MMEngine \(KeyError: 'nothing'\); give a file"
    with pytest.raises(ValueError, match=message):
        read_bytes('nothing:///a.jpg')


@pytest.mark.parametrize(
    ('values', 'bits'),
    [
        (np.zeros((8, 9), np.float32), 32),
        (np.zeros((8, 9, 3), np.float32), 32),
        (np.zeros((8, 9), np.int32), 32),
        (np.zeros((8, 9)), 64),
    ],
)
def test_tiff_files_that_are_no_colours_are_reported_in_our_words(tmp_path, capfd, values, bits):
    path = str(tmp_path / 'a.tif')
    assert cv2.imwrite(path, values)
    with pytest.raises(ValueError, match=rf'{path} is a TIFF file of {bits} bits a channel, .* save it with 8 or 16'):
        read_image(path)
    assert capfd.readouterr().err == ''


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16])
def test_tiff_files_of_colours_are_read(tmp_path, dtype):
    path = str(tmp_path / 'a.tif')
    cv2.imwrite(path, np.full((8, 9, 3), np.iinfo(dtype).max, dtype))
    assert (read_image(path) == 255).all()


class TestPillow:
    BGR = np.random.default_rng(0).integers(0, 256, (6, 9, 3), dtype=np.uint8)

    def test_colour(self) -> None:
        image = Image.fromarray(np.ascontiguousarray(self.BGR[..., ::-1]))
        np.testing.assert_array_equal(from_pillow(image), self.BGR)

    def test_alpha(self) -> None:
        alpha = np.arange(54, dtype=np.uint8).reshape(6, 9)
        image = Image.fromarray(np.dstack([self.BGR[..., ::-1], alpha]))
        np.testing.assert_array_equal(from_pillow(image), np.dstack([self.BGR, alpha]))

    def test_it_is_turned_upright(self) -> None:
        image = Image.fromarray(np.ascontiguousarray(self.BGR[..., ::-1]))
        image.getexif()[0x0112] = 6
        np.testing.assert_array_equal(from_pillow(image), np.rot90(self.BGR, -1))

    @pytest.mark.parametrize(
        'array', [BGR[..., 0], 257 * BGR[..., 0].astype(np.uint16), 257 * BGR[..., 0].astype(np.int32)]
    )
    def test_grey(self, array: np.ndarray) -> None:
        np.testing.assert_array_equal(from_pillow(Image.fromarray(array)), np.dstack([self.BGR[..., 0]] * 3))

    @pytest.mark.parametrize('mode', ['1', 'P', 'CMYK', 'YCbCr', 'HSV'])
    def test_other_modes(self, mode: str) -> None:
        image = Image.fromarray(np.ascontiguousarray(self.BGR[..., ::-1])).convert(mode)
        np.testing.assert_array_equal(from_pillow(image), np.asarray(image.convert('RGB'))[..., ::-1])

    def test_floats_are_refused(self) -> None:
        with pytest.raises(ValueError, match='an image of floats has no known range of values; give an array'):
            from_pillow(Image.fromarray(np.zeros((4, 4), np.float32)))

    def test_a_file_that_is_cut_off(self) -> None:
        image = Image.open(io.BytesIO(_encode(_pil(), 'PNG')[:500]))
        with pytest.raises(ValueError, match='an image of Pillow cannot be read: image file is truncated'):
            from_pillow(image)
