"""mmdet's own transforms serve in both pipelines."""

import cv2
import numpy as np
import pytest
import torch

FLIP = dict(type='RandomFlip', prob=1.0)
COLOUR = dict(type='PhotoMetricDistortion')


@pytest.fixture
def draws(tiny_dataset, tiny_coco, tiny_pipelines):
    """Load draws 0 to 9 with other pipelines, always of the same set: ``draws(pipeline=None, ref_pipeline=None)``."""
    root = tiny_coco()
    train = [step for step in tiny_pipelines['train'] if step['type'] != 'RandomFlip']

    def load(pipeline=train, ref_pipeline=tiny_pipelines['ref'], **settings) -> list[dict]:
        dataset = tiny_dataset(root, pipeline=pipeline, ref_pipeline=ref_pipeline, **settings)
        return [dataset[draw] for draw in range(10)]

    return load


def _insert(pipeline: list[dict], place: int, *steps: dict) -> list[dict]:
    return [*pipeline[:place], *steps, *pipeline[place:]]


def _without_flip(pipeline: list[dict]) -> list[dict]:
    return [step for step in pipeline if step['type'] != 'RandomFlip']


def _pixels(items: list[dict], key: str) -> list[torch.Tensor]:
    return [item[key].float() for item in items]


def test_flips_turn_image_and_boxes_and_leave_the_reference(draws, tiny_pipelines):
    plain = draws()
    flipped = draws(pipeline=_insert(_without_flip(tiny_pipelines['train']), 4, FLIP))
    for before, after in zip(plain, flipped, strict=True):
        assert torch.equal(after['inputs'], before['inputs'].flip(-1))
        assert torch.equal(after['ref_inputs'], before['ref_inputs'])
        boxes, turned = (item['data_samples'].gt_instances.bboxes.tensor for item in (before, after))
        torch.testing.assert_close(turned[:, 0], 64 - boxes[:, 2])
        masks, turned = (item['data_samples'].gt_instances.masks.masks for item in (before, after))
        np.testing.assert_array_equal(turned, masks[..., ::-1])
        assert after['data_samples'].flip


def test_flips_turn_the_reference_and_leave_the_image(draws, tiny_pipelines):
    flipped = draws(ref_pipeline=_insert(tiny_pipelines['ref'], 3, FLIP))
    for before, after in zip(draws(), flipped, strict=True):
        assert torch.equal(after['inputs'], before['inputs'])
        assert torch.equal(after['ref_inputs'], before['ref_inputs'].flip(-1))


def test_each_of_several_references_is_augmented_by_itself(draws, tiny_pipelines):
    half = dict(type='RandomFlip', prob=0.5)
    settings = dict(num_references=4)
    plain, flipped = draws(**settings), draws(ref_pipeline=_insert(tiny_pipelines['ref'], 3, half), **settings)
    turned = []
    for before, after in zip(plain, flipped, strict=True):
        pairs = zip(before['ref_inputs'], after['ref_inputs'], strict=True)
        # References of one colour are the same when turned.
        turned.append([torch.equal(a, b.flip(-1)) for b, a in pairs if not torch.equal(b, b.flip(-1))])
    assert {True, False} == {shot for episode in turned for shot in episode}
    assert any(len(set(episode)) == 2 for episode in turned)


def test_colours_change_in_image_and_reference(draws, tiny_pipelines):
    pipeline = _insert(_without_flip(tiny_pipelines['train']), 2, COLOUR)
    changed = draws(pipeline=pipeline, ref_pipeline=_insert(tiny_pipelines['ref'], 2, COLOUR))
    for key in ('inputs', 'ref_inputs'):
        before, after = _pixels(draws(), key), _pixels(changed, key)
        assert [pixels.shape for pixels in after] == [pixels.shape for pixels in before]
        assert sum(torch.equal(a, b) for a, b in zip(after, before, strict=True)) <= 2
    again = draws(pipeline=pipeline, ref_pipeline=_insert(tiny_pipelines['ref'], 2, COLOUR))
    assert all(map(torch.equal, _pixels(again, 'ref_inputs'), _pixels(changed, 'ref_inputs')))


def test_resize_and_pad_make_references_too(draws, tiny_pipelines):
    ref_pipeline = [
        *tiny_pipelines['ref'][:2],
        dict(type='Resize', scale=(32, 32), keep_ratio=True),
        dict(type='Pad', size=(32, 32), pad_val=dict(img=(0, 0, 0))),
        dict(type='PackReference'),
    ]
    for item in draws(ref_pipeline=ref_pipeline):
        (reference,) = item['data_samples'].episodes[0].references
        image = cv2.imread(reference.img_path)
        x1, y1, x2, y2 = (round(value) for value in reference.bbox)
        scale = 32 / max(y2 - y1, x2 - x1)
        height, width = int((y2 - y1) * scale + 0.5), int((x2 - x1) * scale + 0.5)
        pixels = item['ref_inputs'][0].numpy().transpose(1, 2, 0)
        np.testing.assert_array_equal(pixels[:height, :width], cv2.resize(image[y1:y2, x1:x2], (width, height)))
        assert not pixels[height:].any()
        assert not pixels[:, width:].any()


def test_resize_and_pad_fit_image_and_truth(draws, tiny_pipelines):
    load = tiny_pipelines['train'][:2]
    pipeline = [*load, dict(type='Resize', scale=(48, 48), keep_ratio=True), dict(type='Pad', size=(64, 96))]
    for before, after in zip(draws(), draws(pipeline=[*pipeline, dict(type='PackOneShotInputs')]), strict=True):
        assert after['inputs'].shape == (3, 96, 64)
        boxes, smaller = (item['data_samples'].gt_instances.bboxes.tensor for item in (before, after))
        torch.testing.assert_close(smaller, boxes * 0.75, rtol=0, atol=0.6)
        assert after['data_samples'].gt_instances.masks.masks.shape[1:] == (96, 64)
