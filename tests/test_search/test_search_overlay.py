"""draw_search: what is in the image, and where."""

import itertools

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from PIL import ImageDraw

from mmosis.search.overlay import category_colours, draw_search
from mmosis.structures import FoundObjects, RLEMasks
from mmosis.visualization import OneShotLocalVisualizer

GREY = 100
SIZE = 600  # drawn as it is: no less than 480, no more than 2048
BOX = (200, 100, 400, 300)


def scene(height: int = SIZE, width: int = SIZE) -> np.ndarray:
    return np.full((height, width, 3), GREY, np.uint8)


def found(*boxes: tuple, size: tuple = (SIZE, SIZE), labels: tuple = (), masks: bool = True) -> FoundObjects:
    """Detections; the mask is the right half of the box."""
    instances = FoundObjects(
        bboxes=np.array(boxes, np.float32).reshape(-1, 4),
        scores=np.full(len(boxes), 0.876, np.float32),
        labels=np.array(labels or [0] * len(boxes), int),
    )
    drawn = np.zeros((len(boxes), *size), bool)
    for mask, (x1, y1, x2, y2) in zip(drawn, boxes, strict=True):
        mask[y1:y2, (x1 + x2) // 2 : x2] = True
    return instances.with_columns(masks=RLEMasks.encode(drawn)) if masks else instances


def changed(drawn: np.ndarray) -> np.ndarray:
    return (drawn != GREY).any(axis=2)


class TestMasks:
    def test_they_tint_inside_alone(self) -> None:
        drawn = draw_search(scene(), found(BOX), ['mug'])
        inside = drawn[110:290, 310:390].reshape(-1, 3)
        colour = np.array(category_colours(1)[0])
        assert np.abs(inside - (0.55 * GREY + 0.45 * colour)).max() < 2
        outside = changed(drawn)
        outside[96:304, 296:404] = False  # the mask with its outline
        outside[:105, 195:320] = False  # the label
        assert not outside.any()

    def test_outline(self) -> None:
        drawn = draw_search(scene(), found(BOX), ['mug'])
        colour = category_colours(1)[0]
        for pixel in ((200, 300), (200, 399), (299, 350)):
            assert np.abs(drawn[pixel].astype(int) - colour).max() < 30

    def test_a_box_without_a_mask(self) -> None:
        drawn = draw_search(scene(), found(BOX, masks=False), ['mug'])
        assert changed(drawn)[200, 200]
        assert changed(drawn)[200, 400]
        assert not changed(drawn)[110:290, 210:390].any()

    def test_one_of_each_category(self) -> None:
        drawn = draw_search(scene(), found(BOX, (100, 350, 300, 500), labels=(2, 0)), ['a', 'b', 'c'])
        colours = category_colours(3)
        for (row, column), label in (((200, 350), 2), ((450, 250), 0)):
            assert np.abs(drawn[row, column] - (0.55 * GREY + 0.45 * np.array(colours[label]))).max() < 2

    @pytest.mark.parametrize('box', [(0, 0, 600, 600), (590, 590, 600, 600), (-20, -9, 30, 40), (580, 570, 640, 660)])
    def test_at_the_border(self, box: tuple) -> None:
        instances = found((10, 10, 50, 50))
        instances = instances.with_columns(bboxes=np.array([box], np.float32))
        drawn = draw_search(scene(), instances, ['a long name of a category'])
        assert changed(drawn).any()

    @pytest.mark.parametrize('box', [(700, 700, 800, 800), (-50, -50, -10, -10), (30, 30, 30, 30)])
    def test_a_box_of_nothing_has_a_label_alone(self, box: tuple) -> None:
        instances = found((10, 10, 50, 50))
        instances = instances.with_columns(bboxes=np.array([box], np.float32))
        places = np.argwhere(changed(draw_search(scene(), instances, ['mug'])))
        assert np.ptp(places[:, 0]) < 40

    def test_nothing_found(self) -> None:
        image = np.random.default_rng(0).integers(0, 256, (500, 640, 3), dtype=np.uint8)
        before = image.copy()
        np.testing.assert_array_equal(draw_search(image, found(), ['mug']), image)
        draw_search(image, found(BOX, size=(500, 640)), ['mug'])
        np.testing.assert_array_equal(image, before)


class TestLabels:
    def test_name_and_percent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        texts = []
        write = ImageDraw.ImageDraw.text

        def listen(draw: ImageDraw.ImageDraw, place: tuple, text: str, *args: object) -> None:
            texts.append(text)
            write(draw, place, text, *args)

        monkeypatch.setattr(ImageDraw.ImageDraw, 'text', listen)
        draw_search(scene(), found(BOX, BOX, labels=(1, 0)), ['mug', 'cup'])
        assert texts == ['cup 88', 'mug 88']

    def test_other_alphabets_are_written(self) -> None:
        """Three letters that the font does not have would all look the same."""
        drawn = [draw_search(scene(), found(BOX), [name]) for name in ('ж', 'é', 'ω')]
        assert all((a != b).any() for a, b in itertools.combinations(drawn, 2))

    @pytest.mark.parametrize('corner', [(0, 0), (560, 0), (0, 560), (560, 560)])
    def test_they_stand_inside_the_image(self, corner: tuple) -> None:
        """The plate is whole: as many pixels as in the middle."""
        x, y = corner
        instances = found((x, y, x, y), (300, 300, 300, 300), masks=False)
        plates = [draw_search(scene(), instances[i : i + 1], ['mug']) for i in (0, 1)]
        colour = category_colours(1)[0]
        sizes = [(plate == colour).all(axis=2).sum() for plate in plates]
        assert sizes[0] == pytest.approx(sizes[1], rel=0.15)

    @pytest.mark.parametrize('num', [1, 10, 11, 20, 21, 30, 100])
    def test_each_category_has_its_colour(self, num: int) -> None:
        colours = category_colours(num)
        assert len(set(colours)) == len(colours) == num
        assert all(0 <= channel <= 255 and isinstance(channel, int) for colour in colours for channel in colour)

    def test_none(self) -> None:
        assert category_colours(0) == []


class TestSize:
    @pytest.mark.parametrize(
        ('size', 'expected'),
        [
            ((120, 160), (480, 640)),
            ((480, 640), (480, 640)),
            ((600, 2048), (600, 2048)),
            ((3000, 4096), (1500, 2048)),
            ((100, 4096), (50, 2048)),
            ((10, 500), (41, 2048)),
        ],
    )
    def test_small_images_are_enlarged_and_large_ones_reduced(self, size: tuple, expected: tuple) -> None:
        drawn = draw_search(scene(*size), found(size=size), ['mug'])
        assert drawn.shape == (*expected, 3)
        assert drawn.dtype == np.uint8
        assert (drawn == GREY).all()

    @pytest.mark.parametrize(('size', 'scale'), [((150, 150), 3.2), ((1200, 3072), 2 / 3)])
    def test_detections_move_along(self, size: tuple, scale: float) -> None:
        box = (60, 90, 100, 120) if scale > 1 else (600, 600, 900, 900)
        drawn = draw_search(scene(*size), found(box, size=size), ['mug'])
        tinted = (drawn == drawn[round(scale * (box[1] + box[3]) / 2), round(scale * (box[0] + 3 * box[2]) / 4)]).all(2)
        rows, columns = np.nonzero(tinted)
        x1, y1, x2, y2 = ((box[0] + box[2]) / 2, box[1], box[2], box[3])
        assert (columns.min(), columns.max()) == pytest.approx((scale * x1, scale * x2), abs=8)
        assert (rows.min(), rows.max()) == pytest.approx((scale * y1, scale * y2), abs=8)


class TestReferences:
    def test_they_stand_at_the_lower_left_in_colours(self) -> None:
        """Longer sides of 0.2 x 600 pixels, frames of 2 x 600 / 300."""
        pictures = [(1, np.full((40, 20, 3), 10, np.uint8)), (0, np.full((60, 120, 3), 250, np.uint8))]
        drawn = draw_search(scene(), found(), ['mug', 'cup'], pictures)
        red, blue = category_colours(2)[1], category_colours(2)[0]
        first, second = drawn[600 - 128 :, :68], drawn[600 - 68 :, 68 : 68 + 128]
        assert (first[4:-4, 4:-4] == 10).all()
        assert (second[4:-4, 4:-4] == 250).all()
        for framed, colour in ((first, red), (second, blue)):
            frame = np.ones(framed.shape[:2], bool)
            frame[4:-4, 4:-4] = False
            assert (framed[frame] == colour).all()
        rest = changed(drawn)
        rest[600 - 128 :, :68] = rest[600 - 68 :, 68:196] = False
        assert not rest.any()

    @pytest.mark.parametrize('num', [8, 40, 500])
    def test_many_fit(self, num: int) -> None:
        pictures = [(i % 3, np.full((100, 100, 3), 10, np.uint8)) for i in range(num)]
        drawn = draw_search(scene(), found(), ['a', 'b', 'c'], pictures)
        columns = np.flatnonzero(changed(drawn).any(axis=0))
        assert len(columns) == columns[-1] + 1  # in a row, without gaps
        assert not changed(drawn)[: 600 - 128].any()
        if num <= 40:
            dark = (drawn[600 - 7] == 10).all(axis=1)
            assert np.count_nonzero(np.diff(np.flatnonzero(dark)) > 1) == num - 1  # each of them is seen


def test_the_visualizer_draws_a_search() -> None:
    """What scores no more than the threshold is left out."""
    visualizer = OneShotLocalVisualizer()
    visualizer.dataset_meta = dict(classes=['mug', 'cup'])
    instances = found(BOX, (100, 350, 300, 500), labels=(1, 0))
    pictures = [(0, np.full((40, 20, 3), 10, np.uint8))]
    scores = torch.tensor([0.9, 0.2])
    given = InstanceData(
        bboxes=torch.from_numpy(instances.bboxes),
        scores=scores,
        labels=torch.from_numpy(instances.labels),
        masks=instances.masks,
    )
    instances = instances.with_columns(scores=scores.numpy())
    sample = DetDataSample(pred_instances=given, metainfo=dict(search_references=pictures))
    visualizer.add_datasample('name', scene(), sample, pred_score_thr=0.3)
    expected = draw_search(scene(), instances[:1], ['mug', 'cup'], pictures)
    np.testing.assert_array_equal(visualizer.get_image(), expected)
