"""OneShotLocalVisualizer: what is in the drawn image, and where."""

from collections.abc import Callable
from pathlib import Path

import mmcv
import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmdet.visualization import DetLocalVisualizer
from mmengine.config import Config
from mmengine.runner import Runner
from mmengine.structures import InstanceData

from mmosis.datasets import OneShotCocoDataset
from mmosis.structures import RLEMasks
from mmosis.visualization import OneShotLocalVisualizer
from mmosis.visualization.one_shot_visualizer import CAPTION_HEIGHT, GAP

HEIGHT, WIDTH = 80, 80  # of image 31
BOX = (40, 8, 72, 40)  # of every detection here; it does not touch the inset
CLASSES = ('person', 'bicycle', 'car', 'motorcycle', 'airplane', 'bus', 'train', 'truck')


def make_visualizer(min_size: int = 80, **settings) -> OneShotLocalVisualizer:
    visualizer = OneShotLocalVisualizer(min_size=min_size, **settings)
    visualizer.dataset_meta = dict(classes=CLASSES)
    return visualizer


@pytest.fixture
def sample(tiny_dataset: Callable) -> DetDataSample:
    return sample_31(tiny_dataset(test_mode=True, phase='all'))


def sample_31(dataset: OneShotCocoDataset) -> DetDataSample:
    """Image 31 with its episodes: person, car, airplane and truck."""
    samples = (dataset[i]['data_samples'] for i in range(len(dataset)))
    return next(sample for sample in samples if sample.img_id == 31)


@pytest.fixture
def image(sample: DetDataSample) -> np.ndarray:
    return mmcv.imread(sample.img_path, channel_order='rgb')


def add_detections(sample: DetDataSample, *scores: float, masks: bool = True) -> DetDataSample:
    """One detection for each of the first episodes."""
    num = len(scores)
    found = InstanceData(
        bboxes=torch.tensor([BOX] * num).float().reshape(-1, 4),
        scores=torch.tensor(scores),
        labels=torch.tensor([episode.label for episode in sample.episodes][:num]).long(),
        episode_ids=torch.arange(num),
    )
    if masks:
        bitmaps = np.zeros((num, HEIGHT, WIDTH), dtype=bool)
        bitmaps[:, BOX[1] : BOX[3], BOX[0] + 10 : BOX[2]] = True  # The left of the box is no mask.
        found.masks = RLEMasks.encode(bitmaps)
    sample.pred_instances = found
    return sample


def draw(image: np.ndarray, sample: DetDataSample, settings: dict | None = None, **arguments) -> np.ndarray:
    visualizer = make_visualizer(**(settings or {}))
    visualizer.add_datasample('name', image, sample, **arguments)
    return visualizer.get_image()


def panel(drawn: np.ndarray, row: int, column: int, factor: int = 1) -> np.ndarray:
    """The image part of a panel."""
    top = GAP + CAPTION_HEIGHT + row * (GAP + CAPTION_HEIGHT + factor * HEIGHT)
    left = GAP + column * (GAP + factor * WIDTH)
    return drawn[top : top + factor * HEIGHT, left : left + factor * WIDTH]


def without_inset(panel: np.ndarray) -> np.ndarray:
    """The part above the inset."""
    return panel[: panel.shape[0] // 2]


class TestLayout:
    def test_a_panel_an_episode_with_gaps(self, image: np.ndarray, sample: DetDataSample) -> None:
        drawn = draw(image, add_detections(sample))
        assert drawn.shape == (2 * (GAP + CAPTION_HEIGHT + HEIGHT) + GAP, 3 * (GAP + WIDTH) + GAP, 3)
        for row, column in ((0, 0), (0, 1), (0, 2), (1, 0)):
            np.testing.assert_array_equal(without_inset(panel(drawn, row, column)), without_inset(image))
        for row, column in ((1, 1), (1, 2)):
            assert (panel(drawn, row, column) == 255).all()
        assert (drawn[:, :GAP] == 255).all()
        assert (drawn[:GAP] == 255).all()

    @pytest.mark.parametrize(('columns', 'shape'), [(1, (4, 1)), (2, (2, 2)), (9, (1, 4))])
    def test_columns(self, image: np.ndarray, sample: DetDataSample, columns: int, shape: tuple[int, int]) -> None:
        drawn = draw(image, add_detections(sample), dict(columns=columns))
        rows, columns = shape
        expected = (rows * (GAP + CAPTION_HEIGHT + HEIGHT) + GAP, columns * (GAP + WIDTH) + GAP, 3)
        assert drawn.shape == expected

    def test_the_reference_is_inset_at_the_lower_left(self, image: np.ndarray, sample: DetDataSample) -> None:
        border, longer = 2, 24  # 0.3 of 80 pixels
        drawn = draw(image, add_detections(sample), dict(inset=0.3, border=border))
        for column, episode in enumerate(sample.episodes[:3]):
            (reference,) = episode.references
            x1, y1, x2, y2 = (round(value) for value in reference.bbox)
            crop = mmcv.imread(reference.img_path, channel_order='rgb')[y1:y2, x1:x2]
            scale = longer / max(crop.shape[:2])
            size = round(crop.shape[1] * scale), round(crop.shape[0] * scale)
            inset = panel(drawn, 0, column)[-size[1] - 2 * border :, : size[0] + 2 * border]
            np.testing.assert_array_equal(inset[border:-border, border:-border], mmcv.imresize(crop, size))
            frame = inset.copy()
            frame[border:-border, border:-border] = 255
            assert (frame == 255).all()

    @pytest.mark.parametrize(('num', 'side'), [(2, 24), (5, 12)])
    def test_several_references_stand_in_a_row_below(self, tiny_dataset: Callable, num: int, side: int) -> None:
        """0.3 of 80 pixels, or what leaves room for 5 with frames of 2 pixels: 80 / 5 - 4."""
        sample = sample_31(tiny_dataset(test_mode=True, phase='all', num_references=num))
        drawn = draw(mmcv.imread(sample.img_path, channel_order='rgb'), sample, dict(columns=1))
        assert drawn.shape[0] == len(sample.episodes) * (GAP + CAPTION_HEIGHT + HEIGHT + side + 4) + GAP
        row = drawn[GAP + CAPTION_HEIGHT + HEIGHT :][: side + 4, GAP : GAP + WIDTH]
        left = 0
        for reference in sample.episodes[0].references:
            x1, y1, x2, y2 = (round(value) for value in reference.bbox)
            crop = mmcv.imread(reference.img_path, channel_order='rgb')[y1:y2, x1:x2]
            scale = side / max(crop.shape[:2])
            width, height = round(crop.shape[1] * scale), round(crop.shape[0] * scale)
            tile = row[side + 2 - height : side + 2, left + 2 : left + 2 + width]
            np.testing.assert_array_equal(tile, mmcv.imresize(crop, (width, height)))
            left += width + 4
        assert (row[:, left:] == 255).all()
        scene = panel(drawn, 0, 0)
        np.testing.assert_array_equal(scene, mmcv.imread(sample.img_path, channel_order='rgb'))

    @pytest.mark.parametrize('masked', [True, False])
    @pytest.mark.parametrize('training', [True, False])
    def test_references_as_the_network_sees_them(self, tiny_dataset: Callable, training: bool, masked: bool) -> None:
        """The item's own references, in the training's and the test's shape; a mask does not show."""
        item = tiny_dataset(test_mode=not training, phase='background' if training else 'all')[0]
        sample = item['data_samples']
        mask = torch.full_like(item['ref_inputs'][..., :1, :, :], 255)
        sample.ref_inputs = torch.cat([item['ref_inputs'], mask], dim=-3) if masked else item['ref_inputs']
        drawn = draw(np.zeros((HEIGHT, WIDTH, 3), np.uint8), sample, dict(columns=1, inset=0.4), draw_gt=False)
        references = item['ref_inputs'].reshape(-1, 3, 32, 32)  # 0.4 of 80 pixels: in their own size.
        assert len(references) == len(sample.episodes)
        for row, reference in enumerate(references):
            inset = panel(drawn, row, 0)[-34:-2, 2:34]
            np.testing.assert_array_equal(inset, reference.numpy()[::-1].transpose(1, 2, 0))

    def test_small_images_are_enlarged_by_an_integer(self, image: np.ndarray, sample: DetDataSample) -> None:
        """80 pixels to at least 150: twice."""
        drawn = draw(image, add_detections(sample, 0.9), dict(min_size=150))
        found, empty = panel(drawn, 0, 0, factor=2), panel(drawn, 0, 1, factor=2)
        np.testing.assert_array_equal(without_inset(empty), without_inset(mmcv.imrescale(image, 2.0)))
        rows, columns = np.nonzero((without_inset(found) != without_inset(empty)).any(axis=-1))
        x1, y1, x2, y2 = (2 * value for value in BOX)
        assert (columns.min(), columns.max()) == pytest.approx((x1, x2), abs=3)
        assert rows.min() == pytest.approx(y1, abs=3)
        assert y2 == without_inset(found).shape[0]

    def test_captions_name_the_category(self, image: np.ndarray, sample: DetDataSample) -> None:
        add_detections(sample)
        strip = slice(GAP, GAP + CAPTION_HEIGHT)
        named, unnamed = make_visualizer(), make_visualizer()
        unnamed.dataset_meta = {}
        texts = []
        for visualizer in (named, unnamed):
            draw_texts = visualizer.draw_texts
            visualizer.draw_texts = lambda text, *args, _draw=draw_texts, **kwargs: (
                texts.append(text) or _draw(text, *args, **kwargs)
            )
            visualizer.add_datasample('name', image, sample)
            assert (visualizer.get_image()[strip, GAP : GAP + WIDTH] < 100).any()  # Ink.
        assert texts == ['person', 'car', 'airplane', 'truck', *(f'category {cat_id}' for cat_id in (10, 30, 50, 80))]


class TestDetections:
    def test_the_threshold_is_respected(self, image: np.ndarray, sample: DetDataSample) -> None:
        drawn = draw(image, add_detections(sample, 0.9, 0.5, 0.2), pred_score_thr=0.5)
        changed = [
            (without_inset(panel(drawn, row, column)) != without_inset(image)).any()
            for row, column in ((0, 0), (0, 1), (0, 2), (1, 0))
        ]
        assert changed == [True, False, False, False]

    def test_masks_are_drawn(self, image: np.ndarray, sample: DetDataSample) -> None:
        with_mask = without_inset(panel(draw(image, add_detections(sample, 0.9)), 0, 0))
        box_only = without_inset(panel(draw(image, add_detections(sample, 0.9, masks=False)), 0, 0))
        inside = (slice(BOX[1] + 14, BOX[3] - 6), slice(BOX[0] + 16, BOX[2] - 6))
        left_of_it = (slice(BOX[1] + 14, BOX[3] - 6), slice(BOX[0] + 3, BOX[0] + 7))
        assert (with_mask[inside] != box_only[inside]).any(axis=-1).all()
        np.testing.assert_array_equal(with_mask[left_of_it], box_only[left_of_it])
        np.testing.assert_array_equal(box_only[inside], image[inside])

    def test_scores_stand_as_percent(self, image: np.ndarray, sample: DetDataSample) -> None:
        visualizer, texts = make_visualizer(), []
        draw_texts = visualizer.draw_texts
        visualizer.draw_texts = lambda text, *args, **kwargs: texts.append(text) or draw_texts(text, *args, **kwargs)
        visualizer.add_datasample('name', image, add_detections(sample, 0.876))
        assert texts[:2] == ['87.6', 'person']

    def test_several_detections_of_an_episode_are_in_its_panel(self, image: np.ndarray, sample: DetDataSample) -> None:
        add_detections(sample, 0.9, 0.8)
        sample.pred_instances.episode_ids = torch.tensor([1, 1])
        drawn = draw(image, sample)
        np.testing.assert_array_equal(without_inset(panel(drawn, 0, 0)), without_inset(image))
        assert (without_inset(panel(drawn, 0, 1)) != without_inset(image)).any()

    def test_the_sample_and_numpys_generator_stay_as_they_are(self, image: np.ndarray, sample: DetDataSample) -> None:
        add_detections(sample, 0.9)
        before, state = image.copy(), np.random.get_state()[1].copy()
        first = draw(image, sample)
        np.testing.assert_array_equal(draw(image, sample), first)
        np.testing.assert_array_equal(image, before)
        np.testing.assert_array_equal(np.random.get_state()[1], state)
        assert isinstance(sample.pred_instances.masks, RLEMasks)
        assert sample.pred_instances.labels.tolist() == [sample.episodes[0].label]

    def test_truth_is_drawn_where_there_are_no_predictions(self, tiny_dataset: Callable) -> None:
        training = tiny_dataset()[0]
        sample, pixels = training['data_samples'], training['inputs'].numpy()[::-1].transpose(1, 2, 0)
        image = np.ascontiguousarray(pixels)
        drawn = draw(image, sample, dict(min_size=64))
        nothing = draw(image, sample, dict(min_size=64), draw_gt=False)
        assert drawn.shape == nothing.shape == (2 * GAP + CAPTION_HEIGHT + 64, 2 * GAP + 64, 3)
        assert (drawn != nothing).any()

    def test_each_test_episode_has_its_own_truth(self, tiny_dataset: Callable, tiny_pipelines: dict) -> None:
        """Image 31 shows one instance of each category; two references leave the scene free."""
        load, *rest = tiny_pipelines['test']
        pipeline = [load, dict(type='LoadAnnotations', with_bbox=True, with_mask=True), *rest]
        sample = sample_31(tiny_dataset(test_mode=True, phase='all', num_references=2, pipeline=pipeline))
        drawn = draw(np.zeros((64, 64, 3), np.uint8), sample, dict(min_size=64, columns=4))
        boxes = dict(zip(sample.gt_instances.labels.tolist(), sample.gt_instances.bboxes.tensor, strict=True))
        assert len(boxes) == len(sample.episodes) == 4
        for column, episode in enumerate(sample.episodes):
            scene = drawn[GAP + CAPTION_HEIGHT :, GAP + column * (GAP + 64) :][:64, :64]
            rows, columns = np.nonzero(scene.any(axis=-1))
            found = (columns.min(), rows.min(), columns.max(), rows.max())
            assert found == pytest.approx(boxes[episode.label].tolist(), abs=3)


class TestPlaces:
    def test_a_file(self, image: np.ndarray, sample: DetDataSample, tmp_path: Path) -> None:
        drawn = draw(image, add_detections(sample, 0.9), out_file=str(tmp_path / 'new' / 'out.png'))
        np.testing.assert_array_equal(mmcv.imread(tmp_path / 'new' / 'out.png', channel_order='rgb'), drawn)

    def test_the_backends(self, image: np.ndarray, sample: DetDataSample, tmp_path: Path) -> None:
        settings = dict(vis_backends=[dict(type='LocalVisBackend')], save_dir=str(tmp_path))
        drawn = draw(image, add_detections(sample, 0.9), settings, step=7)
        (file,) = tmp_path.rglob('name_7.png')
        np.testing.assert_array_equal(mmcv.imread(file, channel_order='rgb'), drawn)

    def test_a_window(self, image: np.ndarray, sample: DetDataSample) -> None:
        visualizer, shown = make_visualizer(), []
        visualizer.show = lambda drawn, win_name, wait_time: shown.append((drawn, win_name, wait_time))
        visualizer.add_datasample('name', image, add_detections(sample, 0.9), show=True, wait_time=2)
        ((drawn, name, wait_time),) = shown
        np.testing.assert_array_equal(drawn, visualizer.get_image())
        assert (name, wait_time) == ('name', 2)


def test_a_sample_without_episodes_is_drawn_by_mmdet(image: np.ndarray, sample: DetDataSample) -> None:
    other = DetDataSample(pred_instances=add_detections(sample, 0.9, masks=False).pred_instances)
    drawn = draw(image, other, dict(alpha=0.8))
    mmdets = DetLocalVisualizer()
    mmdets.dataset_meta = dict(classes=CLASSES)
    mmdets.add_datasample('name', image, other)
    np.testing.assert_array_equal(drawn, mmdets.get_image())
    np.testing.assert_array_equal(draw(image, None), image)


def test_through_mmdets_hook_in_a_test_run(
    tiny_model_cfg: Callable, tiny_dataset_cfg: Callable, tmp_path: Path
) -> None:
    """``tools/test.py --show-dir show``."""
    cfg = dict(
        default_scope='mmdet',
        model=tiny_model_cfg(),
        work_dir=str(tmp_path),
        experiment_name=str(tmp_path),
        test_dataloader=dict(
            batch_size=2,
            num_workers=0,
            sampler=dict(type='DefaultSampler', shuffle=False),
            dataset=tiny_dataset_cfg(test_mode=True, phase='one-shot'),
        ),
        test_cfg=dict(type='TestLoop'),
        test_evaluator=dict(type='OneShotCocoMetric'),
        default_hooks=dict(
            visualization=dict(type='DetVisualizationHook', draw=True, test_out_dir='show', score_thr=0.0)
        ),
        visualizer=dict(type='OneShotLocalVisualizer', name=str(tmp_path), min_size=100),
        log_level='WARNING',
    )
    Runner.from_cfg(Config(cfg)).test()
    sizes = {path.name: mmcv.imread(path).shape[:2] for path in tmp_path.glob('*/show/*')}
    # Images of the one-shot categories: (h, w) x panels, enlarged to a shorter side of at least 100.
    assert sizes == {
        'b.png': drawn_size(2 * 64, 2 * 96, 1),
        'c.jpg': drawn_size(2 * 100, 2 * 70, 1),
        'e.jpg': drawn_size(2 * 90, 2 * 80, 2),
        'f.png': drawn_size(2 * 72, 2 * 88, 1),
        'g.jpg': drawn_size(2 * 80, 2 * 80, 2),
    }


def drawn_size(height: int, width: int, panels: int) -> tuple[int, int]:
    """(h, w) of a drawn image of one row."""
    return height + CAPTION_HEIGHT + 2 * GAP, panels * (width + GAP) + GAP
