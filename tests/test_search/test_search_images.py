"""The images that a user gives, and what is refused."""

import io
import os
import socket
import struct
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, features

from mmosis.search.images import load_image, load_mask

EXIF_ORIENTATION = 0x0112
NEEDS_AVIF = pytest.mark.skipif(not features.check('avif'), reason='this Pillow does not write AVIF')
SMALL = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
PICTURE = cv2.resize(SMALL, (60, 40))  # BGR, smooth, so that JPEG keeps it well


def encode(format_: str, picture: np.ndarray = PICTURE) -> bytes:
    return cv2.imencode(format_, picture)[1].tobytes()


def animate(format_: str, frames: int = 3, **settings) -> bytes:
    """The image, and other frames after it."""
    images = [Image.fromarray(np.roll(PICTURE[..., ::-1], 5 * i, axis=1)) for i in range(frames)]
    file = io.BytesIO()
    images[0].save(file, format_, save_all=True, append_images=images[1:], **settings)
    return file.getvalue()


def claim(width: int, height: int) -> bytes:
    """A PNG that says to be of this size, with few bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))

    header = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1000))
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IDAT', data) + chunk(b'IEND', b'')


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """Write bytes to a file; returns its path."""

    def write(content: bytes, name: str = 'image.png') -> str:
        (tmp_path / name).write_bytes(content)
        return str(tmp_path / name)

    return write


class TestFiles:
    @pytest.mark.parametrize('suffix', ['.png', '.bmp', '.tif', '.webp', '.jpg', '.jpe', '.avif', '.jp2'])
    def test_formats(self, write: Callable, suffix: str) -> None:
        image = load_image(write(encode(suffix), f'a{suffix}'))
        assert (image.shape, image.dtype) == ((40, 60, 3), np.uint8)
        assert np.abs(image.astype(int) - PICTURE).mean() < (0.01 if suffix in ('.png', '.bmp', '.tif') else 6)

    def test_a_path_object_and_a_home(self, write: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv('HOME', str(tmp_path))
        path = write(encode('.png'))
        for name in (Path(path), '~/image.png', Path('~/image.png')):
            np.testing.assert_array_equal(load_image(name), PICTURE)

    def test_grey_alpha_and_16_bits(self, write: Callable) -> None:
        grey = PICTURE[..., 0]
        expected = np.dstack([grey] * 3)
        np.testing.assert_array_equal(load_image(write(encode('.png', grey))), expected)
        np.testing.assert_array_equal(load_image(write(encode('.png', 257 * grey.astype(np.uint16)))), expected)
        transparent = np.dstack([PICTURE, np.zeros_like(grey)])
        np.testing.assert_array_equal(load_image(write(encode('.png', transparent))), PICTURE)

    def test_a_file_that_is_too_large_is_not_read(self, write: Callable) -> None:
        path = write(encode('.png'))
        os.truncate(path, 10**12)
        message = (
            'has 1000000000000 bytes, more than an image of 2400 pixels; make it smaller, or raise the limit: --max'
        )
        with pytest.raises(ValueError, match=message):
            load_image(path, 2400)
        os.truncate(path, 8 * 2400 + 2**26)
        np.testing.assert_array_equal(load_image(path, 2400), PICTURE)

    @pytest.mark.skipif(not os.path.isfile('/proc/self/status'), reason='this system has no /proc')
    def test_what_the_system_makes_up_is_empty(self) -> None:
        """Some of these files, such as the kernel's messages, never end."""
        with pytest.raises(ValueError, match='/proc/self/status is not a readable image: 0 bytes'):
            load_image('/proc/self/status')

    def test_a_rotation_in_exif_is_applied(self, write: Callable) -> None:
        exif = Image.Exif()
        exif[EXIF_ORIENTATION] = 6  # to be turned by 90 degrees clockwise
        file = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(PICTURE[..., ::-1])).save(file, 'JPEG', exif=exif, quality=95)
        image = load_image(write(file.getvalue(), 'a.jpg'))
        assert image.shape == (60, 40, 3)
        assert np.abs(image.astype(int) - np.rot90(PICTURE, -1)).mean() < 6

    @pytest.mark.parametrize(
        ('content', 'name'),
        [
            (b'a text, renamed', 'a.jpg'),
            (b'', 'a.png'),
            (b'GIF89a', 'a.gif'),
            (encode('.png')[:-200], 'a.png'),
            (encode('.png')[:20], 'a.png'),
            (encode('.webp')[:200], 'a.webp'),
            (encode('.tif')[:200], 'a.tif'),
            (encode('.jpg')[:100], 'a.jpg'),
        ],
    )
    def test_unreadable(self, write: Callable, content: bytes, name: str) -> None:
        message = rf'{name} is not a readable image: {len(content)} bytes, cut off or of an unknown format'
        with pytest.raises(ValueError, match=message):
            load_image(write(content, name))

    def test_what_is_too_large_is_not_decoded(self, write: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
        """Its header is believed; without a warning of Pillow's."""
        monkeypatch.setattr(cv2, 'imdecode', lambda *_: pytest.fail('decoded'))
        bomb = write(claim(60_000, 60_000), 'bomb.png')
        message = (
            r'bomb\.png has 60000x60000 pixels \(w x h\), more than 100000000; make it smaller, or raise the limit: '
            '--max-pixels, or max_pixels in Python'
        )
        with warnings.catch_warnings():
            warnings.simplefilter('error')
            for load in (load_image, load_mask):
                with pytest.raises(ValueError, match=message):
                    load(bomb)

    def test_the_limit(self, write: Callable) -> None:
        """The image has 60x40 pixels."""
        path = write(encode('.png'))
        for load in (load_image, load_mask):
            assert load(path, max_pixels=2400).shape[:2] == (40, 60)
            with pytest.raises(ValueError, match=r'60x40 pixels \(w x h\), more than 2399; make it smaller'):
                load(path, max_pixels=2399)

    @pytest.mark.parametrize('linked', [False, True])
    def test_only_regular_files_are_opened(self, tmp_path: Path, linked: bool) -> None:
        """A pipe that nobody writes to would wait for ever."""
        (tmp_path / 'device.jpg').symlink_to('/dev/zero')
        os.mkfifo(tmp_path / 'pipe.jpg')
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(tmp_path / 'socket.jpg'))
            for name in ('pipe', 'socket', 'device'):
                path = tmp_path / f'{name}.jpg'
                if linked:
                    path = tmp_path / f'{name}_link.jpg'
                    path.symlink_to(tmp_path / f'{name}.jpg')
                for load in (load_image, load_mask):
                    with pytest.raises(ValueError, match=f'{path} is no regular file but a {name}, which is not open'):
                        load(path)

    def test_missing(self, tmp_path: Path) -> None:
        for path in (tmp_path / 'none.png', str(tmp_path), str(tmp_path / 'none.png')):
            with pytest.raises(FileNotFoundError, match=f'there is no image file {path}'):
                load_image(path)

    @pytest.mark.parametrize(
        ('size', 'message'),
        [
            ((1, 1), r'has 1x1 pixels \(w x h\); it takes at least 4 a side to see anything'),
            ((100, 3), r'has 3x100 pixels \(w x h\); it takes at least 4'),
            ((4, 201), r'has 201x4 pixels \(w x h\); one side may be at most 50 times the other; cut it into pieces'),
            ((500, 9), r'has 9x500 pixels \(w x h\); one side may be at most 50 times'),
        ],
    )
    def test_too_small_or_narrow(self, write: Callable, size: tuple[int, int], message: str) -> None:
        image = np.zeros((*size, 3), np.uint8)
        with pytest.raises(ValueError, match=r'image\.png ' + message):
            load_image(write(encode('.png', image)))
        with pytest.raises(ValueError, match='an image array ' + message):
            load_image(image)

    @pytest.mark.parametrize('size', [(4, 4), (4, 200), (450, 9)])
    def test_just_large_enough(self, size: tuple[int, int]) -> None:
        assert load_image(np.zeros((*size, 3), np.uint8)).shape == (*size, 3)


class TestAnimation:
    @pytest.mark.parametrize('format_', ['WEBP', 'PNG', 'TIFF', pytest.param('AVIF', marks=NEEDS_AVIF)])
    def test_it_is_refused(self, write: Callable, format_: str) -> None:
        path = write(animate(format_), f'a.{format_.lower()}')
        with pytest.raises(ValueError, match=rf'a\.{format_.lower()} has 3 frames; save the one to search as an image'):
            load_image(path)

    @pytest.mark.parametrize('format_', ['GIF', 'WEBP', 'PNG', 'TIFF'])
    def test_a_single_frame_is_an_image(self, write: Callable, format_: str) -> None:
        image = load_image(write(animate(format_, frames=1), f'a.{format_.lower()}'))
        assert image.shape == PICTURE.shape
        assert np.abs(image.astype(int) - PICTURE).mean() < 12  # the palette of a GIF

    def test_of_a_gif_the_first_is_taken(self, write: Callable) -> None:
        image = load_image(write(animate('GIF'), 'a.gif'))
        assert np.abs(image.astype(int) - PICTURE).mean() < 12
        assert np.abs(image.astype(int) - np.roll(PICTURE, 5, axis=1)).mean() > 20

    def test_a_jpeg_with_a_preview_is_an_image(self, write: Callable) -> None:
        """Phones write them: MPO, two images in a JPEG."""
        image = load_image(write(animate('MPO', frames=2, quality=95), 'a.jpg'))
        assert np.abs(image.astype(int) - PICTURE).mean() < 6


class TestArrays:
    def test_colours(self) -> None:
        np.testing.assert_array_equal(load_image(PICTURE), PICTURE)
        np.testing.assert_array_equal(load_image(PICTURE[:, ::-1]), PICTURE[:, ::-1])
        np.testing.assert_array_equal(load_image(np.dstack([PICTURE, PICTURE[..., 0]])), PICTURE)
        np.testing.assert_array_equal(load_image(PICTURE[..., 1]), np.dstack([PICTURE[..., 1]] * 3))

    @pytest.mark.parametrize('image', [PICTURE[:, ::-1], PICTURE[::2, ::2], np.dstack([PICTURE, PICTURE[..., 0]])])
    def test_they_come_contiguous(self, image: np.ndarray) -> None:
        assert load_image(image).flags.c_contiguous

    @pytest.mark.parametrize(
        'image',
        [
            PICTURE.astype(np.float32) / 255,
            PICTURE.astype(np.uint16),
            PICTURE > 100,
            PICTURE[None],
            PICTURE[..., :2],
            PICTURE[..., :1],
            PICTURE.transpose(2, 0, 1),
            PICTURE[0, 0],
        ],
    )
    def test_others_are_refused(self, image: np.ndarray) -> None:
        with pytest.raises(ValueError, match='an image array must be uint8') as caught:
            load_image(image)
        assert str(caught.value).endswith(f'got {image.dtype} {image.shape}')

    def test_none_at_all(self) -> None:
        with pytest.raises(ValueError, match=r'an image array has 0x0 pixels'):
            load_image(np.zeros((0, 0, 3), np.uint8))


class TestMask:
    MASK = np.zeros((20, 30), bool)
    MASK[5:9, 7:20] = True

    @pytest.mark.parametrize('depth', [np.uint8, np.uint16])
    @pytest.mark.parametrize('value', [1, 255])
    def test_it_is_where_a_channel_is_not_0(self, write: Callable, depth: type, value: int) -> None:
        grey = (value * self.MASK).astype(depth)
        blue = np.dstack([grey, 0 * grey, 0 * grey])
        opaque = np.dstack([blue, np.full_like(grey, np.iinfo(depth).max)])
        for picture in (grey, blue, opaque):
            mask = load_mask(write(encode('.png', picture)))
            assert mask.dtype == bool
            np.testing.assert_array_equal(mask, self.MASK)

    def test_of_a_palette_and_of_one_bit(self, write: Callable) -> None:
        palette = Image.fromarray(self.MASK.astype(np.uint8))
        palette.putpalette([0, 0, 0, 200, 10, 10])
        for image in (palette, Image.fromarray(self.MASK)):
            file = io.BytesIO()
            image.save(file, 'PNG')
            np.testing.assert_array_equal(load_mask(write(file.getvalue())), self.MASK)

    def test_none(self, write: Callable, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError, match=r'there is no image file .*none\.png'):
            load_mask(tmp_path / 'none.png')
        with pytest.raises(ValueError, match=r'image\.png is not a readable image: 4 bytes'):
            load_mask(write(b'text'))
