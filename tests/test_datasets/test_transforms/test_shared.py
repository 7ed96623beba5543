"""SharedByEpisode: image and references of an episode change alike."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from mmosis.datasets.transforms import SharedByEpisode

TRANSFORMS = [
    dict(type='RandomFlip', prob=0.5, direction='vertical'),
    dict(type='PhotoMetricDistortion', hue_delta=180),
    dict(type='Invert', prob=0.5),
]


def change(shared: SharedByEpisode, image: np.ndarray, *draw: int) -> np.ndarray:
    return shared(dict(img=image.copy(), img_shape=image.shape[:2], draw=draw))['img']


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (12, 8, 3), dtype=np.uint8)


def test_images_of_a_draw_change_alike_whatever_drew_before(image: np.ndarray) -> None:
    image_side, ref_side = SharedByEpisode(TRANSFORMS), SharedByEpisode(TRANSFORMS)
    changed = []
    for draw in range(12):
        changed.append(change(image_side, image, 0, draw))
        np.random.random(draw)
        np.testing.assert_array_equal(changed[-1], change(ref_side, image, 0, draw))
    assert len({image.tobytes() for image in changed}) == 12
    assert not np.array_equal(changed[3], change(image_side, image, 1, 3))
    assert {image.dtype for image in changed} == {np.dtype(np.uint8)}


def test_colours_beyond_the_range_are_clipped_not_wrapped(image: np.ndarray) -> None:
    floats = SharedByEpisode([lambda results: dict(results, img=results['img'] * 2.0 - 100.4)])
    np.testing.assert_array_equal(change(floats, image, 0, 0), np.rint(image * 2.0 - 100.4).clip(0, 255))


def test_the_data_set_gives_both_sides_their_draw(tiny_dataset: Callable, tiny_pipelines: dict) -> None:
    """An image of one colour becomes one other colour in image and references; the truth is turned with it."""
    paint = [lambda results: dict(results, img=np.full_like(results['img'], (200, 90, 30)))]
    shared = dict(type='SharedByEpisode', transforms=TRANSFORMS)
    sides = {}
    for key, name in (('pipeline', 'train'), ('ref_pipeline', 'ref')):
        load, *rest = [t for t in tiny_pipelines[name] if t['type'] != 'RandomFlip']
        sides[key] = [load, *paint, rest[0], shared, *rest[1:]]
    dataset, plain = tiny_dataset(num_references=2, num_episodes=2, **sides), tiny_dataset(num_episodes=2)
    colours, turned = set(), 0
    for draw in range(10):
        item = dataset[draw]
        colour = item['inputs'][:, 0, 0]
        colours.add(tuple(colour.tolist()))
        references = item['ref_inputs'].flatten(0, 1).permute(0, 2, 3, 1)
        filled = references[(references != 0).any(dim=-1)]
        assert (filled == colour).all() or not colour.any()
        sample = item['data_samples']
        turned += 'vertical' in str(sample.get('flip_direction'))
        assert len(sample.gt_instances) == len(plain[draw]['data_samples'].gt_instances)
    assert len(colours) > 5
    assert 0 < turned < 10
    assert torch.equal(dataset[3]['inputs'], dataset[3]['inputs'])


def test_a_dropped_sample_is_handed_on(image: np.ndarray) -> None:
    assert SharedByEpisode([lambda results: None])(dict(img=image, draw=(0, 0))) is None


def test_a_test_is_refused(image: np.ndarray) -> None:
    with pytest.raises(
        ValueError, match='SharedByEpisode needs the draw number of a training sample, got none; remove'
    ):
        SharedByEpisode([])(dict(img=image))
