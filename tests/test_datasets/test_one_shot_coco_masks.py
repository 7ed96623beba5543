"""References with masks: the fourth channel of ``ref_inputs`` lies on the object."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from pycocotools import mask as mask_utils

CROWD = 105
SAMPLERS = ['ReferenceSampler', 'ShuffledReferenceSampler']


def _masks(sampler_type: str = 'ReferenceSampler') -> dict:
    return dict(type=sampler_type, with_masks=True)


def _runs(mask: np.ndarray) -> list[int]:
    """Run lengths of uncompressed RLE: down the columns, zeros first."""
    values = np.concatenate([[0], mask.T.ravel(), [2]])
    ends = np.flatnonzero(np.diff(values))
    return np.diff(np.concatenate([[0], ends])).tolist()


def _write_triangles(root: Path) -> None:
    """Draw every object anew, white on black: the upper left half of its box. Masks are of three types in turn."""
    dataset = json.loads((root / 'annotations.json').read_text())
    for image in dataset['images']:
        height, width = image['height'], image['width']
        drawn = np.zeros((height, width), np.uint8)
        for annotation in dataset['annotations']:
            if annotation['image_id'] == image['id'] and annotation['id'] != CROWD:
                x, y, w, h = annotation['bbox']
                polygons = [[x, y, x + w, y, x, y + h]]
                (rle,) = mask_utils.frPyObjects(polygons, height, width)
                mask = mask_utils.decode(rle)
                drawn[mask > 0] = 255
                compressed = dict(size=rle['size'], counts=rle['counts'].decode())
                uncompressed = dict(size=[height, width], counts=_runs(mask))
                annotation['segmentation'] = (polygons, compressed, uncompressed)[annotation['id'] % 3]
        cv2.imwrite(str(root / 'images' / image['file_name']), drawn)
    (root / 'annotations.json').write_text(json.dumps(dataset))


@pytest.fixture
def root(tiny_coco: Callable) -> Path:
    """The tiny set with triangles."""
    root = tiny_coco()
    _write_triangles(root)
    return root


@pytest.fixture
def masked_dataset(tiny_dataset: Callable, tiny_pipelines: dict, root: Path) -> Callable:
    """Build a dataset of triangles with masked references: ``masked_dataset(prob=1.0, **settings)``."""
    load, *rest = tiny_pipelines['ref']

    def make(prob: float = 1.0, **settings):
        ref_pipeline = [load, dict(type='LoadReferenceMask', prob=prob), *rest]
        return tiny_dataset(root, **{'ref_pipeline': ref_pipeline, 'reference_sampler': _masks(), **settings})

    return make


def _check_reference(reference: torch.Tensor) -> None:
    """A reference (4, 32, 32) has its mask where it is bright, but for pixels at the edge; half of its box."""
    pixels, mask = reference[:3].float().mean(dim=0), reference[3]
    assert ((pixels > 128) != (mask > 128)).float().mean() < 0.03
    rows, columns = np.nonzero(mask.numpy())
    box = (rows.max() + 1 - rows.min()) * (columns.max() + 1 - columns.min())
    assert (mask > 128).sum() / box == pytest.approx(0.5, abs=0.1)
    assert mask[rows.min() : rows.min() + 2, columns.min() : columns.min() + 2].min() > 128  # upper left


@pytest.mark.parametrize('sampler_type', SAMPLERS)
def test_in_training_masks_lie_on_their_objects(masked_dataset: Callable, sampler_type: str) -> None:
    dataset = masked_dataset(num_references=2, reference_sampler=_masks(sampler_type))
    mask_types = set()
    for draw in range(40):
        item = dataset[draw]
        assert (item['ref_inputs'].shape, item['ref_inputs'].dtype) == ((2, 4, 32, 32), torch.uint8)
        for reference, made in zip(item['ref_inputs'], item['data_samples'].episodes[0].references, strict=True):
            _check_reference(reference)
            mask_types.add(made.ann_id % 3)
    assert mask_types == {0, 1, 2}  # polygons, compressed and uncompressed RLE


@pytest.mark.parametrize('sampler_type', SAMPLERS)
def test_in_testing_masks_lie_on_their_objects(masked_dataset: Callable, sampler_type: str) -> None:
    dataset = masked_dataset(
        test_mode=True, phase='all', runs=2, num_references=3, reference_sampler=_masks(sampler_type)
    )
    for index in range(len(dataset)):
        item = dataset[index]
        assert item['ref_inputs'].shape == (len(item['data_samples'].episodes), 3, 4, 32, 32)
        for reference in item['ref_inputs'].flatten(0, 1):
            _check_reference(reference)


def test_masks_change_neither_episodes_nor_pixels(masked_dataset: Callable, tiny_dataset: Callable, root: Path) -> None:
    masked, plain = masked_dataset(num_references=2), tiny_dataset(root, num_references=2)
    for draw in range(20):
        one, other = masked[draw], plain[draw]
        assert torch.equal(one['ref_inputs'][:, :3], other['ref_inputs'])
        assert torch.equal(one['inputs'], other['inputs'])
        drawn = [[r.ann_id for r in item['data_samples'].episodes[0].references] for item in (one, other)]
        assert drawn[0] == drawn[1]
        assert [r.segmentation for r in other['data_samples'].episodes[0].references] == [None, None]


@pytest.mark.parametrize('place', [3, 4], ids=['of the crop', 'of the finished reference'])
def test_mmdets_flip_turns_the_mask_with_the_reference(
    masked_dataset: Callable, tiny_pipelines: dict, place: int
) -> None:
    load, *rest = tiny_pipelines['ref']
    ref_pipeline = [load, dict(type='LoadReferenceMask'), *rest]
    ref_pipeline.insert(place, dict(type='RandomFlip', prob=1.0))
    dataset = masked_dataset(ref_pipeline=ref_pipeline)
    for draw in range(20):
        _check_reference(dataset[draw]['ref_inputs'][0].flip(-1))


def test_mmdets_resize_and_pad_take_the_mask_along(masked_dataset: Callable, tiny_pipelines: dict) -> None:
    load, crop, _, pack = tiny_pipelines['ref']
    resize = [dict(type='Resize', scale=(32, 32), keep_ratio=True), dict(type='Pad', size=(32, 32))]
    dataset = masked_dataset(ref_pipeline=[load, dict(type='LoadReferenceMask'), crop, *resize, pack])
    for draw in range(20):
        _check_reference(dataset[draw]['ref_inputs'][0])


def test_without_masks_everything_counts_the_padding_too(masked_dataset: Callable) -> None:
    dataset = masked_dataset(prob=0)
    for draw in range(10):
        assert (dataset[draw]['ref_inputs'][:, 3] == 255).all()


def test_whether_a_mask_is_taken_is_a_function_of_seed_and_draw(masked_dataset: Callable) -> None:
    def taken(seed: int, draws: range) -> dict[int, list[bool]]:
        dataset = masked_dataset(prob=0.5, num_references=3, seed=seed)
        return {draw: [bool((mask != 255).any()) for mask in dataset[draw]['ref_inputs'][:, 3]] for draw in draws}

    first = taken(3, range(30))
    np.random.seed(5)
    assert taken(3, range(29, -1, -1)) == first
    assert taken(4, range(30)) != first
    shots = np.array(list(first.values()))
    assert shots.mean() == pytest.approx(0.5, abs=0.2)
    assert {0, 3} < set(shots.sum(axis=1).tolist())  # each reference by itself


def test_a_sampler_without_masks_is_an_error(masked_dataset: Callable) -> None:
    with pytest.raises(ValueError, match=r'annotation \d+ of .* came without its mask; .* with with_masks=True, and'):
        masked_dataset(reference_sampler=dict(type='ReferenceSampler'))[0]


def test_annotations_without_masks_are_an_error(masked_dataset: Callable, root: Path, tiny_pipelines: dict) -> None:
    text = json.loads((root / 'annotations.json').read_text())
    for annotation in text['annotations']:
        del annotation['segmentation']
    (root / 'annotations.json').write_text(json.dumps(text))
    with pytest.raises(ValueError, match=r'came without its mask; .* and masks in the annotation file'):
        masked_dataset(test_mode=True)[0]
