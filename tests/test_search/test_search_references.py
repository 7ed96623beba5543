"""References in all forms, and what is wrong with some."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as mask_utils

from mmosis.search import SearchReference, parse_references
from mmosis.search.references import THUMBNAIL_SIZE

HEIGHT, WIDTH = 40, 60
IMAGE = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
MASK = np.zeros((HEIGHT, WIDTH), bool)
MASK[10:20, 30:45] = True
MASK_BOX = (30, 10, 45, 20)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / 'mug.png'
    cv2.imwrite(str(path), IMAGE)
    return path


def write_turned(path: Path, image: np.ndarray) -> None:
    """Write an image on its side, to be shown a quarter turn clockwise as its EXIF says."""
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = np.rot90(image)[..., [2, 1, 0, 3][: image.shape[2]]]
    Image.fromarray(np.ascontiguousarray(stored)).save(path, exif=exif)


class TestForms:
    @pytest.mark.parametrize('type_', [str, Path])
    def test_a_path(self, file: Path, type_: type) -> None:
        (reference,) = parse_references(type_(file))
        results, _ = reference.load()
        np.testing.assert_array_equal(results['img'], IMAGE)
        assert results['img_shape'] == (HEIGHT, WIDTH)
        assert results['ref_bbox'] == (0, 0, WIDTH, HEIGHT)
        assert 'ref_mask' not in results
        assert (reference.name, reference.negative) == ('object', False)

    def test_an_array(self) -> None:
        (reference,) = parse_references(IMAGE)
        assert reference.img is IMAGE

    def test_a_dict(self) -> None:
        given = dict(img='mug.png', bbox=[1, 2, 30, 40], name='mug', negative=False)
        (reference,) = parse_references(given)
        assert (reference.img, reference.bbox, reference.name) == ('mug.png', (1.0, 2.0, 30.0, 40.0), 'mug')
        assert given['bbox'] == [1, 2, 30, 40]

    def test_an_object(self) -> None:
        reference = SearchReference('mug.png')
        assert parse_references(reference) == [reference]

    @pytest.mark.parametrize('type_', [list, tuple])
    def test_several_of_any_form(self, type_: type) -> None:
        references = type_(['a.png', Path('b.png'), IMAGE, dict(img='c.png', negative=True), SearchReference('d.png')])
        parsed = parse_references(references)
        assert [reference.img for reference in parsed[:2]] == ['a.png', Path('b.png')]
        assert parsed[2].img is IMAGE
        assert [reference.negative for reference in parsed] == [False, False, False, True, False]

    @pytest.mark.parametrize(
        ('references', 'error', 'message'),
        [
            (5, TypeError, 'references must be paths, arrays .* or a ReferenceBank, got int'),
            (None, TypeError, 'or a ReferenceBank, got NoneType'),
            ([5], TypeError, 'a reference must be a path, an array or a dict, got int'),
            ([], ValueError, 'there is no reference: give at least one image'),
            (dict(img=5), TypeError, r'a reference image must be a path or an array \(H, W, 3\), got int'),
            (
                dict(img='a', box=[1], colour=2),
                TypeError,
                'a reference has the keys img, bbox, mask, name, negative, source; got box, colour',
            ),
            ([dict(img='a', negative=True)], ValueError, 'all references are negative; give at least one'),
            (dict(img='a', negative='no'), TypeError, "negative must be True or False, got 'no'"),
            (
                dict(img='a', mask='mask.png'),
                TypeError,
                r'a mask must be an array \(H, W\), COCO polygons or RLE, got str',
            ),
            *[
                (dict(img='a', name=name), ValueError, "a reference's name must be a word or more, got ")
                for name in ('', ' \t', None, 3)
            ],
        ],
    )
    def test_other_forms_are_refused(self, references: object, error: type, message: str) -> None:
        with pytest.raises(error, match=message):
            parse_references(references)

    def test_numpys_truth_becomes_pythons(self) -> None:
        """A bank is written as JSON."""
        assert SearchReference('a', negative=np.True_).negative is True


class TestBox:
    @pytest.mark.parametrize(
        'bbox',
        [
            (30, 2, 1, 40),
            (1, 40, 30, 2),
            (0, 0, 0, 0),
            (5, 5, 5, 9),
            (5, 5, 9, 5),
            (float('nan'), 0, 5, 5),
            (0, 0, float('inf'), 5),
            (1, 2, 3),
            (1, 2, 3, 4, 5),
            ('a', 2, 3, 4),
            [[1, 2, 3, 4]],
            7,
        ],
    )
    def test_what_is_no_box(self, bbox: object) -> None:
        message = f'a box must be x1, y1, x2, y2 in pixels with x1 < x2 and y1 < y2, got {bbox}'
        with pytest.raises(ValueError, match=re.escape(message)):
            SearchReference(IMAGE, bbox=bbox)

    @pytest.mark.parametrize('bbox', [(0.1, 0.2, 0.5, 0.6), (0, 0, 1, 1), [0.0, 0.5, 0.5, 1.0]])
    def test_shares_of_the_picture(self, bbox: object) -> None:
        message = f'boxes are in pixels, got {bbox}; multiply fractions of the image by its width and height'
        with pytest.raises(ValueError, match=re.escape(message)):
            SearchReference(IMAGE, bbox=bbox)

    @pytest.mark.parametrize('bbox', [(60, 0, 70, 10), (-20, -20, -5, -5), (10, 10, 20, 42), (-2, 0, 10, 10)])
    def test_outside_of_the_image(self, bbox: tuple) -> None:
        with pytest.raises(ValueError, match=r"reference 'mug', an array at .*: a reference box must be .*40x60"):
            SearchReference(IMAGE, bbox=bbox, name='mug').load()

    def test_it_is_of_the_picture_as_it_is_shown(self, tmp_path: Path) -> None:
        """So is a mask: label tools turn images upright."""
        write_turned(tmp_path / 'turned.png', IMAGE)
        results, thumbnail = SearchReference(tmp_path / 'turned.png', bbox=(20, 5, 50, 25), mask=MASK).load()
        np.testing.assert_array_equal(results['img'], IMAGE)
        np.testing.assert_array_equal(thumbnail, IMAGE[5:25, 20:50, ::-1])

    def test_too_small(self) -> None:
        with pytest.raises(ValueError, match=r"reference 'object', an array at 5, 5, 8, 30 has 3x25 pixels"):
            SearchReference(IMAGE, bbox=(5, 5, 8, 30)).load()

    def test_the_thumbnail_shows_the_box(self) -> None:
        results, thumbnail = SearchReference(IMAGE, bbox=np.array([10, 5, 30, 25])).load()
        assert results['ref_bbox'] == (10, 5, 30, 25)
        np.testing.assert_array_equal(thumbnail, IMAGE[5:25, 10:30, ::-1])

    @pytest.mark.parametrize(('size', 'expected'), [((300, 600), (64, 128)), ((300, 10), (128, 4)), ((128, 20), None)])
    def test_a_large_thumbnail_is_reduced(self, size: tuple, expected: tuple | None) -> None:
        image = np.full((*size, 3), (10, 20, 200), np.uint8)
        _, thumbnail = SearchReference(image).load()
        assert thumbnail.shape == (*(expected or size), 3)
        assert max(thumbnail.shape) <= THUMBNAIL_SIZE
        assert (thumbnail == (200, 20, 10)).all()


class TestMask:
    @pytest.mark.parametrize(
        'mask',
        [
            MASK,
            7 * MASK.astype(np.uint8),
            mask_utils.encode(np.asfortranarray(MASK, np.uint8)),
            [[30, 10, 45, 10, 45, 20, 30, 20]],
            [30, 10, 45, 10, 45, 20, 30, 20],
            [[30, 10], [45, 10], [45, 20], [30, 20]],
        ],
    )
    def test_its_box_is_that_of_the_object(self, mask: object) -> None:
        results, thumbnail = SearchReference(IMAGE, mask=mask).load()
        assert results['ref_bbox'] == MASK_BOX
        np.testing.assert_array_equal(results['ref_mask'], MASK)
        np.testing.assert_array_equal(thumbnail, IMAGE[10:20, 30:45, ::-1])

    def test_one_row_reaches_to_the_border(self) -> None:
        mask = np.zeros((HEIGHT, WIDTH), bool)
        mask[36:, 0] = mask[39, :] = True
        results, _ = SearchReference(IMAGE, mask=mask).load()
        assert results['ref_bbox'] == (0, 36, WIDTH, HEIGHT)

    def test_a_box_beside_it_goes_first(self) -> None:
        results, _ = SearchReference(IMAGE, bbox=(25, 5, 50, 25), mask=MASK).load()
        assert results['ref_bbox'] == (25, 5, 50, 25)
        np.testing.assert_array_equal(results['ref_mask'] > 0, MASK)

    @pytest.mark.parametrize(
        ('mask', 'bbox', 'message'),
        [
            (
                np.ones_like(MASK),
                None,
                'the mask covers the whole image; it must be 0 beside the object, or be omitted',
            ),
            (255 * np.ones(MASK.shape, np.uint8), (5, 5, 20, 20), 'the mask covers the whole image'),
            ([[0, 0, 60, 0, 60, 40, 0, 40]], None, 'the mask covers the whole image'),
            (~MASK, None, 'the mask covers the whole border of the image; it must be 0 .*: is it inverted'),
            (np.zeros_like(MASK), None, 'a mask must cover at least one pixel'),
            (MASK[:-1], None, r'a mask must have the size of its image, \(40, 60\) \(h x w\), got \(39, 60\)'),
            (np.dstack([MASK] * 3), None, r'a mask must have the size .* got \(40, 60, 3\)'),
            ([], None, 'an object must have a mask'),
            ([1, 2, 3, 4], None, 'an object must have a mask, polygons of at least three points'),
            (['a'] * 6, None, 'an object must have a mask, polygons of at least three points'),
            ([[{}] * 6], None, 'an object must have a mask, polygons .* or RLE, got'),
            (dict(size=[40, 60]), None, 'an object must have a mask, .*missing required field `counts`'),
            (dict(size=[40, 60], counts=[2401, -1]), None, 'an object must have a mask, .* or RLE, got'),
            (dict(size=[40, 60], counts=[2399]), None, 'RLE must have runs of 2400 pixels in all, .* runs of 2399'),
            (dict(size=[40, 60], counts='abc'), None, 'RLE must have runs of 2400 pixels in all'),
            (MASK, (0, 0, 20, 30), 'the mask lies outside of the box'),
        ],
    )
    def test_what_does_not_fit(self, mask: object, bbox: tuple | None, message: str) -> None:
        with pytest.raises(ValueError, match=f"reference 'mug', an array.* with mask: {message}"):
            SearchReference(IMAGE, bbox=bbox, mask=mask, name='mug').load()


class TestCutOut:
    """An image with alpha: the object is where it is opaque."""

    @staticmethod
    def make(alpha: np.ndarray, hidden: int = 0) -> np.ndarray:
        """IMAGE with alpha; what is transparent has a colour that nobody sees."""
        colours = np.where(alpha[..., None] > 0, IMAGE, hidden).astype(np.uint8)
        return np.dstack([colours, alpha])

    def check(self, results: dict) -> None:
        """The object alone, on nothing, with as much room around it as it is wide and high."""
        assert results['ref_bbox'] == (15, 10, 30, 20)
        assert results['img_shape'] == (10, 15)  # its canvas tells no size
        expected = np.zeros((30, 45), np.uint8)
        expected[10:20, 15:30] = MASK[10:20, 30:45]
        np.testing.assert_array_equal(results['ref_mask'], expected)
        colours = np.zeros((30, 45, 3), np.uint8)
        colours[10:20, 15:30] = IMAGE[10:20, 30:45] * MASK[10:20, 30:45, None]
        np.testing.assert_array_equal(results['img'], colours)

    @pytest.mark.parametrize('hidden', [0, 255])
    @pytest.mark.parametrize('opaque', [255, 200])
    def test_its_alpha_is_its_mask(self, hidden: int, opaque: int) -> None:
        image = self.make((opaque * MASK).astype(np.uint8), hidden)
        results, thumbnail = SearchReference(image).load()
        self.check(results)
        assert thumbnail.shape == (10, 15, 3)

    @pytest.mark.parametrize('suffix', ['.png', '.webp', '.tiff'])
    def test_a_file(self, suffix: str, tmp_path: Path) -> None:
        path = tmp_path / f'cut{suffix}'
        lossless = [cv2.IMWRITE_WEBP_QUALITY, 101] if suffix == '.webp' else []
        cv2.imwrite(str(path), self.make(255 * MASK.astype(np.uint8)), lossless)
        self.check(SearchReference(path).load()[0])

    def test_a_file_that_is_turned_upright(self, tmp_path: Path) -> None:
        write_turned(tmp_path / 'cut.png', self.make(255 * MASK.astype(np.uint8)))
        self.check(SearchReference(tmp_path / 'cut.png').load()[0])

    @pytest.mark.parametrize('value', [255, 100, 0])
    def test_alpha_that_is_the_same_everywhere_is_no_mask(self, value: int) -> None:
        image = np.dstack([IMAGE, np.full(IMAGE.shape[:2], value, np.uint8)])
        results, _ = SearchReference(image).load()
        assert results['ref_bbox'] == (0, 0, WIDTH, HEIGHT)
        assert 'ref_mask' not in results
        np.testing.assert_array_equal(results['img'], IMAGE)

    def test_a_large_one_is_reduced(self) -> None:
        """It needs no more memory than the network sees; a disc stays a disc."""
        rows, columns = np.indices((3000, 2400))
        disc = np.hypot(rows - 1500, columns - 1200) < 1024
        image = np.dstack([np.full((*disc.shape, 3), 200, np.uint8), 255 * disc.astype(np.uint8)])
        results, _ = SearchReference(image).load()
        assert results['img'].shape == (3 * 512, 3 * 512, 3)
        assert results['img_shape'] == (512, 512)
        assert results['ref_bbox'] == (512, 512, 1024, 1024)
        inside = np.hypot(*(np.indices((1536, 1536)) - 767.5))
        assert results['ref_mask'][inside < 255].all()
        assert not results['ref_mask'][inside > 257].any()
        assert (results['img'][inside < 254] == 200).all()

    def test_a_box_selects(self) -> None:
        """Of two opaque parts the box shows one; where all of a box is opaque it is a box like any other."""
        alpha = 255 * MASK.astype(np.uint8)
        alpha[2:8, 2:12] = 255
        self.check(SearchReference(self.make(alpha), bbox=(25, 8, 50, 25)).load()[0])
        results, _ = SearchReference(self.make(alpha), bbox=(3, 3, 10, 7)).load()
        assert (results['ref_bbox'], results['img_shape']) == ((3, 3, 10, 7), (HEIGHT, WIDTH))
        assert 'ref_mask' not in results
        with pytest.raises(ValueError, match=r"reference 'object', .*: all of the box is transparent; omit the box"):
            SearchReference(self.make(alpha), bbox=(0, 30, 20, 40)).load()

    def test_a_mask_goes_first(self) -> None:
        alpha = np.zeros((HEIGHT, WIDTH), np.uint8)
        alpha[:9, :9] = 255
        results, _ = SearchReference(self.make(alpha), mask=MASK).load()
        assert results['ref_bbox'] == MASK_BOX
        np.testing.assert_array_equal(results['ref_mask'], MASK)


@pytest.mark.parametrize(
    ('reference', 'origin'),
    [
        (SearchReference('a/mug.png'), 'a/mug.png'),
        (SearchReference(IMAGE, bbox=(1, 2.5, 30, 40)), 'an array at 1, 2.5, 30, 40'),
        (SearchReference(Path('mug.png'), (0, 0, 9, 9), MASK), 'mug.png at 0, 0, 9, 9 with mask'),
    ],
)
def test_the_origin_is_told(reference: SearchReference, origin: str) -> None:
    assert reference.origin == origin


def test_an_image_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'there is no image file .*none\.png'):
        SearchReference(tmp_path / 'none.png').load()


class TestOnTheSearchedImage:
    @pytest.mark.parametrize('given', [dict(bbox=(1, 2, 30, 40)), dict(mask=MASK)])
    def test_it_is_taken_from_the_only_one(self, given: dict) -> None:
        (reference,) = parse_references(dict(given, name='mug'), ['scene.png'])
        assert (reference.img, reference.name) == ('scene.png', 'mug')

    def test_others_keep_their_image(self) -> None:
        parsed = parse_references(['mug.png', dict(bbox=(1, 2, 30, 40))], [IMAGE])
        assert parsed[0].img == 'mug.png'
        assert parsed[1].img is IMAGE

    @pytest.mark.parametrize(('searched', 'got'), [(None, 'none'), ([], '0'), (['a.png', 'b.png'], '2')])
    def test_which_one_must_be_clear(self, searched: list | None, got: str) -> None:
        message = f'on the searched one, which must be a single image then, got {got}; give the reference its img'
        with pytest.raises(ValueError, match=message):
            parse_references(dict(bbox=(1, 2, 30, 40)), searched)

    def test_the_whole_of_it_is_no_reference(self) -> None:
        with pytest.raises(ValueError, match='a reference on the searched image must have a bbox or a mask'):
            parse_references(dict(name='mug'), ['scene.png'])
