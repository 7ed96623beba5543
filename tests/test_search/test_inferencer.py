"""OneShotInferencer: one call from images to masks."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import cv2
import numpy as np
import pytest
import torch
from mmdet.apis import DetInferencer
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from PIL import Image
from scipy.special import expit, logit

from mmosis.search import OneShotInferencer, ReferenceBank
from mmosis.search.nms import box_iou
from mmosis.search.view_search import found_size, merge_scales
from mmosis.search.views import plan_views
from mmosis.structures import EncodedReferences, FoundObjects

DEMO = 'configs/demo/siamese_mask_rcnn_demo_s1.py'
BOX, OTHER = (20.0, 20.0, 90.0, 100.0), (100.0, 30.0, 160.0, 110.0)


def same(a: FoundObjects, b: FoundObjects, tolerance: float = 1e-4) -> bool:
    """Whether detections are equal up to the order of ties."""
    return len(a) == len(b) and np.allclose(a.scores, b.scores, atol=tolerance)


def as_tensors(bank: ReferenceBank, model: torch.nn.Module) -> EncodedReferences:
    return EncodedReferences.unflatten(map(torch.from_numpy, bank.encoded), model.match_neck.fields)


def as_reference(image: np.ndarray, box: tuple[float, ...] = BOX, **more: object) -> dict:
    return dict(img=image, bbox=box, **more)


def input_shapes(inferencer: OneShotInferencer, image: np.ndarray, references: object = None) -> list[tuple]:
    """Shapes in which the model gets an image, one a view; by default for a crop that fills its image."""
    bank = inferencer.encode(image if references is None else references)
    with patch.object(inferencer.model, 'test_step', wraps=inferencer.model.test_step) as step:
        inferencer.search(image, bank)
    return [tuple(pixels.shape) for call in step.call_args_list for pixels in call.args[0]['inputs']]


# ---------------------------------------------------------------- shape of call and result


def test_it_is_a_det_inferencer_with_its_results(inferencer: OneShotInferencer, scene: tuple, tmp_path: Path) -> None:
    assert isinstance(inferencer, DetInferencer)
    image, _ = scene
    path = tmp_path / 'scene.png'
    cv2.imwrite(str(path), image)
    result = inferencer(
        str(path), as_reference(image, name='mug'), out_dir=str(tmp_path / 'out'), no_save_pred=False, return_vis=True
    )
    (prediction,) = result['predictions']
    assert set(prediction) == {'labels', 'scores', 'bboxes', 'masks'}
    assert len({len(value) for value in prediction.values()}) == 1
    assert set(prediction['labels']) == {0}
    assert prediction['scores'] == sorted(prediction['scores'], reverse=True)
    assert prediction['masks'][0]['size'] == list(image.shape[:2])
    assert result['classes'] == ['mug']
    assert result['visualization'][0].ndim == 3
    assert json.loads((tmp_path / 'out/preds/scene.json').read_text()) == prediction
    assert (tmp_path / 'out/vis/scene.png').is_file()


def test_files_arrays_folders_and_lists_give_the_same(
    inferencer: OneShotInferencer, scene: tuple, tmp_path: Path
) -> None:
    image, _ = scene
    cv2.imwrite(str(tmp_path / 'a.png'), image)
    reference = as_reference(image)
    expected = inferencer(image, reference)['predictions'][0]
    for inputs in (str(tmp_path / 'a.png'), tmp_path / 'a.png', str(tmp_path), [image]):
        assert inferencer(inputs, reference)['predictions'] == [expected]


def test_images_of_one_name_do_not_overwrite_each_other(
    inferencer: OneShotInferencer, scene: tuple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for counter in ('num_visualized_imgs', 'num_predicted_imgs'):
        monkeypatch.setattr(inferencer, counter, 0)
    files = [tmp_path / name for name in ('x/a.png', 'y/a.png', 'y/a.bmp')]
    for number, file in enumerate(files):
        file.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(file), np.ascontiguousarray(scene[0][: 100 + number]))
    inputs = [*map(str, files), scene[0]]
    result = inferencer(inputs, as_reference(scene[0]), out_dir=str(tmp_path / 'out'), no_save_pred=False, batch_size=2)
    assert result['visualization'] == []
    pictures = {path.relative_to(tmp_path / 'out/vis').as_posix(): path for path in (tmp_path / 'out/vis').rglob('*.*')}
    assert sorted(pictures) == ['00000003.jpg', 'x/a.png', 'y/a.bmp', 'y/a.png']
    shapes = [cv2.imread(str(pictures[name])).shape for name in ('x/a.png', 'y/a.png', 'y/a.bmp')]
    np.testing.assert_allclose([width / height for height, width, _ in shapes], [1.92, 192 / 101, 192 / 102], atol=2e-3)
    names = ['x/a.json', 'y/a.png.json', 'y/a.bmp.json', '0.json']
    assert [json.loads((tmp_path / 'out/preds' / name).read_text()) for name in names] == result['predictions']


def test_pictures_of_pillow(inferencer: OneShotInferencer, scene: tuple) -> None:
    """Images and references, colour and grey, turned and with alpha."""
    image, _ = scene
    reference = as_reference(image)
    expected = inferencer(image, reference, pred_score_thr=0)['predictions']
    picture = Image.fromarray(image[..., ::-1])
    assert inferencer(picture, reference, pred_score_thr=0)['predictions'] == expected
    assert inferencer([picture], as_reference(picture), pred_score_thr=0)['predictions'] == expected
    assert inferencer(picture, dict(bbox=BOX), pred_score_thr=0)['predictions'] == expected
    assert inferencer(image, picture)['predictions'] == inferencer(image, image)['predictions']


@pytest.mark.parametrize('pred_score_thr', [None, 0.45, 0])
def test_predictions_and_the_picture_have_one_threshold(
    inferencer: OneShotInferencer, scene: tuple, monkeypatch: pytest.MonkeyPatch, pred_score_thr: float | None
) -> None:
    """By default that of the command."""
    image, _ = scene
    drawn = []

    def draw(_: str, __: np.ndarray, sample: object, pred_score_thr: float, **more: object) -> None:
        drawn.append((sample.pred_instances, pred_score_thr))

    monkeypatch.setattr(inferencer.visualizer, 'add_datasample', draw)
    monkeypatch.setattr(inferencer.visualizer, 'get_image', lambda: image)
    monkeypatch.setattr(inferencer, 'calibration', lambda scores, *_: scores - 0.15)  # some are below the threshold
    asked = {} if pred_score_thr is None else dict(pred_score_thr=pred_score_thr)
    (prediction,) = inferencer(image, as_reference(image), return_vis=True, **asked)['predictions']
    ((instances, thr),) = drawn
    assert instances.scores[instances.scores > thr].tolist() == prediction['scores']
    everything = inferencer.search(image, inferencer.encode(as_reference(image)))
    expected = everything.scores[everything.scores >= (0.5 if pred_score_thr is None else pred_score_thr)]
    assert prediction['scores'] == expected.tolist()
    assert (len(expected) < len(everything)) == (pred_score_thr != 0)


@pytest.mark.parametrize('pred_score_thr', [-0.1, 1.5, 50])
def test_a_threshold_that_is_no_score(inferencer: OneShotInferencer, scene: tuple, pred_score_thr: float) -> None:
    with pytest.raises(ValueError, match=f'the score threshold must be in 0-1, got {pred_score_thr}'):
        inferencer(scene[0], scene[0], pred_score_thr=pred_score_thr)


def test_supervision_reads_the_result(inferencer: OneShotInferencer, scene: tuple) -> None:
    supervision = pytest.importorskip('supervision')
    image, _ = scene
    result = inferencer(image, as_reference(image), return_datasamples=True)
    detections = supervision.Detections.from_mmdetection(result['predictions'][0])
    assert len(detections) == len(result['predictions'][0].pred_instances) > 0
    assert detections.mask.shape[1:] == image.shape[:2]


def test_it_calls_the_detector_as_the_test_does(inferencer: OneShotInferencer, scene: tuple) -> None:
    """The same image and reference through the test pipelines of the config and ``test_step``, as the Runner has it."""
    image, _ = scene
    reference = inferencer.ref_pipeline(dict(img=image, img_shape=image.shape[:2], ref_bbox=BOX))['ref_inputs']
    data = inferencer.pipeline(image)
    with torch.no_grad():
        (sample,) = inferencer.model.test_step(pseudo_collate([dict(data, ref_inputs=reference[None, None])]))
    bank = inferencer.encode(as_reference(image))
    found = inferencer.search_image(image, bank, keep_all=True, add_boxed=False).found
    assert same(found, sample.pred_instances[sample.pred_instances.scores.argsort(descending=True)], 1e-5)


# ---------------------------------------------------------------- references


def test_another_reference_changes_what_is_found(inferencer: OneShotInferencer, scene: tuple) -> None:
    image, _ = scene
    one, other = (inferencer.search(image, inferencer.encode(as_reference(image, box))) for box in (BOX, OTHER))
    assert not same(one, other)


def test_a_box_on_the_searched_image_is_a_reference(inferencer: OneShotInferencer, scene: tuple) -> None:
    image, _ = scene
    assert inferencer(image, dict(bbox=BOX))['predictions'] == inferencer(image, as_reference(image))['predictions']
    with pytest.raises(ValueError, match='which must be a single image then, got 2'):
        inferencer([image, image], dict(bbox=BOX))


def test_a_whole_image_is_the_crop(inferencer: OneShotInferencer, scene: tuple) -> None:
    image, _ = scene
    crop, other = image[20:100, 20:90], np.ascontiguousarray(image[:, ::-1])
    assert inferencer(other, crop)['predictions'] == inferencer(other, as_reference(image))['predictions']


def test_a_box_on_the_searched_image_is_found_once_and_first(
    weights: str, inferencer: OneShotInferencer, scene: tuple
) -> None:
    """On an image of a batch, whole and in tiles; on no other one, and not as what is not meant."""
    image, _ = scene
    other, box = np.ascontiguousarray(image[:, ::-1]), (3.0, 150.0, 40.0, 190.0)
    references = [as_reference(image), as_reference(image, box, name='b'), as_reference(image, OTHER, negative=True)]
    bank = inferencer.encode(references)
    tiled = OneShotInferencer(DEMO, weights, 'cpu', show_progress=False, tile=150)
    for each in (inferencer, tiled):
        found, of_other = each([image, other], bank, batch_size=2, pred_score_thr=0)['predictions']
        assert found['scores'][:2] == [1, 1] > of_other['scores'][:2]
        assert found['labels'][:2] == [0, 1]
        first, second = np.array(found['bboxes'], np.float32)[:, None][:2]
        assert box_iou(first, np.array([BOX]))[0, 0] >= 0.5
        assert box_iou(second, np.array([box]))[0, 0] >= 0.5
        overlaps = box_iou(np.array([BOX, box, OTHER]), np.array(found['bboxes']))
        assert (overlaps[[0, 1], [0, 1]] >= 0.5).all()
        assert (overlaps[:2] >= 0.5).sum() == 2  # categories compete
        assert each.search_image(image, bank, add_boxed=False).found.scores.max() < 1


def test_a_mask_takes_the_object_alone(inferencer: OneShotInferencer, scene: tuple) -> None:
    """A mask of the whole crop is the plain crop; one of a corner of it is not."""
    image, _ = scene
    square = (20.0, 20.0, 80.0, 80.0)
    full, part = np.zeros((2, *image.shape[:2]), np.uint8)
    full[20:80, 20:80], part[20:40, 20:40] = 1, 1
    plain, whole, masked = (
        inferencer.encode(as_reference(image, square, **more)).encoded
        for more in ({}, dict(mask=full), dict(mask=part))
    )
    for a, b, c in zip(plain, whole, masked, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-5)
        assert not np.allclose(a, c, atol=1e-2)


def test_plain_and_masked_references_go_together(inferencer: OneShotInferencer, scene: tuple) -> None:
    image, _ = scene
    mask = np.zeros(image.shape[:2], np.uint8)
    mask[40:60, 40:60] = 1
    references = [as_reference(image), as_reference(image, OTHER), as_reference(image, mask=mask)]
    together = inferencer.encode(references).encoded
    for row, reference in enumerate(references):
        for a, b in zip(together, inferencer.encode(reference).encoded, strict=True):
            np.testing.assert_allclose(a[row : row + 1], b, rtol=0, atol=1e-5)


def test_a_reference_in_context_is_its_box_or_mask_alone(weights: str, scene: tuple) -> None:
    """Marked by its box, it always has a mask: as one of the box, given by hand, would be."""
    cfg = Config.fromfile(DEMO)
    (crop,) = (step for step in cfg.test_dataloader.dataset.ref_pipeline if step.type == 'CropReference')
    crop.update(margin=0.5, mark_box=True)
    inferencer = OneShotInferencer(cfg, weights, 'cpu', show_progress=False)
    image, _ = scene
    box, part = np.zeros((2, *image.shape[:2]), np.uint8)
    box[20:100, 20:90], part[40:60, 40:60] = 1, 1
    more = ({}, dict(mask=box), dict(mask=part))
    plain, marked, masked = (inferencer.encode(as_reference(image, **settings)).encoded for settings in more)
    whole = inferencer.encode(image).encoded  # no box, so no context
    together = inferencer.encode([as_reference(image), as_reference(image, mask=part), image]).encoded
    for level, array in enumerate(together):
        apart = [encoded[level] for encoded in (plain, masked, whole)]
        np.testing.assert_allclose(array, np.concatenate(apart), rtol=0, atol=1e-5)
        np.testing.assert_allclose(plain[level], marked[level], rtol=0, atol=1e-5)
        assert not np.allclose(plain[level], masked[level], atol=1e-2)
    assert len(inferencer(image, as_reference(image))['predictions']) == 1


def test_references_of_one_name_are_its_shots(inferencer: OneShotInferencer, scene: tuple) -> None:
    """Encoded apart and merged, they are what the detector makes of K references at once."""
    image, _ = scene
    bank = inferencer.encode([as_reference(image), as_reference(image, OTHER)])
    merged = inferencer.model.merge_references(as_tensors(bank, inferencer.model))
    pixels = torch.stack(
        [
            inferencer.ref_pipeline(dict(img=image, img_shape=image.shape[:2], ref_bbox=box))['ref_inputs']
            for box in (BOX, OTHER)
        ]
    )
    with torch.no_grad():
        shots = inferencer.model.encode_references(inferencer.model.data_preprocessor.prepare_references(pixels[None]))
    for a, b in zip(merged.tensors, shots.tensors, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-5)
    assert bank.names == ['object']


@pytest.mark.parametrize('config', [DEMO, 'configs/reuse/siamese_gfl_s1.py'])
def test_boxes_compete_from_the_overlap_that_the_detector_allows(config: str) -> None:
    test_cfg = Config.fromfile(config).model.test_cfg
    inferencer = SimpleNamespace(model=SimpleNamespace(test_cfg=test_cfg))
    assert OneShotInferencer.nms_iou_thr.fget(inferencer) == test_cfg.get('rcnn', test_cfg).nms.iou_threshold


def test_categories_compete_and_negatives_take_away(inferencer: OneShotInferencer, scene: tuple) -> None:
    image, _ = scene
    both = [as_reference(image, name='a'), as_reference(image, OTHER, name='b')]
    every = inferencer.search(image, inferencer.encode(both), keep_all=True)
    winners = inferencer.search(image, inferencer.encode(both))
    assert set(every.labels.tolist()) == {0, 1}
    assert 0 < len(winners) < len(every)
    overlaps = np.triu(box_iou(winners.bboxes, winners.bboxes), k=1)
    assert overlaps.max() <= inferencer.nms_iou_thr
    negative = [both[0], dict(both[1], negative=True)]
    left = inferencer.search(image, inferencer.encode(negative))
    assert set(left.labels.tolist()) == {0}
    expected = winners[winners.labels == 0]
    assert same(left, expected)


def test_a_bank_replaces_its_pictures(inferencer: OneShotInferencer, scene: tuple, tmp_path: Path) -> None:
    image, _ = scene
    bank = inferencer.encode([as_reference(image, name='a'), as_reference(image, OTHER, name='b')])
    bank.save(tmp_path / 'bank.safetensors')
    loaded = ReferenceBank.load(tmp_path / 'bank.safetensors')
    assert inferencer(image, loaded)['predictions'] == inferencer(image, bank)['predictions']


def test_a_bank_of_another_model_is_refused(
    weights: Path, inferencer: OneShotInferencer, scene: tuple, tmp_path
) -> None:
    image, _ = scene
    bank = inferencer.encode(as_reference(image))
    state = torch.load(weights, weights_only=True)['state_dict']
    state['match_neck.convs.0.bias'] += 1
    torch.save(dict(state_dict=state), tmp_path / 'other.pth')
    other = OneShotInferencer(DEMO, str(tmp_path / 'other.pth'), 'cpu', show_progress=False)
    with pytest.raises(ValueError, match=r'encoded by another model .* encode the images again with this model'):
        other(image, bank)


# ---------------------------------------------------------------- work done once


def test_the_image_is_encoded_once_for_all_references_and_they_once_for_all_images(
    inferencer: OneShotInferencer, scene: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, _ = scene
    passed: list[int] = []
    extract = inferencer.model.backbone.forward
    monkeypatch.setattr(inferencer.model.backbone, 'forward', lambda x: (passed.append(len(x)), extract(x))[1])
    references = [as_reference(image, name=f'{i}') for i in range(5)]
    inferencer([image] * 3, references)
    assert passed == [5, 1, 1, 1]
    passed.clear()
    bank = inferencer.encode(references, batch_size=2)
    assert passed == [2, 2, 1]
    passed.clear()
    inferencer([image] * 3, bank, batch_size=2)
    assert passed == [2, 1]


def test_dense_maps_do_not_depend_on_the_batch(inferencer: OneShotInferencer, scene: tuple) -> None:
    """At the same padded size: matched maps within 1e-5 of their maximum, detections equal up to ties."""
    image, _ = scene
    images = [image, image[::-1].copy(), image[:, ::-1].copy()]
    bank = inferencer.encode([as_reference(image, name='a'), as_reference(image, OTHER, name='b')])
    model, encoded = inferencer.model, as_tensors(bank, inferencer.model)
    pixels = torch.stack([inferencer.pipeline(picture)['inputs'] for picture in images])
    sample = [inferencer.pipeline(picture)['data_samples'] for picture in images]
    data = model.data_preprocessor(dict(inputs=list(pixels), data_samples=sample, ref_inputs=[encoded] * 3))
    with torch.no_grad():
        feats = model.encode_images(data['inputs'])
        for i in range(3):
            alone = model.encode_images(data['inputs'][i : i + 1])
            together = model.match_neck([feat[i : i + 1] for feat in feats], encoded)
            for row in range(2):
                for a, b in zip(model.match_neck(alone, encoded[row : row + 1]), together, strict=True):
                    assert (a[0] - b[row]).abs().max() <= 1e-5 * b.abs().max()
    batched = inferencer(images, bank, 3, pred_score_thr=0, return_datasamples=True)['predictions']
    single = inferencer(images, bank, pred_score_thr=0, return_datasamples=True)['predictions']
    for a, b in zip(batched, single, strict=True):
        assert same(a.pred_instances, b.pred_instances)


def test_scores_do_not_depend_on_the_height_of_others_in_the_batch(weights: str, scene: tuple) -> None:
    """Photographs are reduced to one longer side, and keep their own heights."""
    cfg = Config.fromfile(DEMO)
    cfg.search = dict(sides=(96, 192), object_size=50, unknown_sides=(96,))
    inferencer = OneShotInferencer(cfg, weights, 'cpu', show_progress=False)
    image, _ = scene
    images = [image[:96], image, image[:, :64], image[:160]]
    bank = inferencer.encode([as_reference(image, name='a'), as_reference(image[20:100, 20:90], None, name='b')])
    single, batched = (
        inferencer(images, bank, size, keep_all=True, pred_score_thr=0, return_datasamples=True)['predictions']
        for size in (1, 4)
    )
    for a, b in zip(single, batched, strict=True):
        assert len(a.pred_instances) > 0
        assert same(a.pred_instances, b.pred_instances, 1e-5)


def test_references_do_not_depend_on_their_batch(inferencer: OneShotInferencer, scene: tuple) -> None:
    image, _ = scene
    references = [as_reference(image, (x, 20.0, x + 60, 100.0), name=f'{x}') for x in range(0, 120, 20)]
    together, apart = (inferencer.encode(references, batch_size=size).encoded for size in (6, 1))
    for a, b in zip(together, apart, strict=True):
        assert np.abs(a - b).max() <= 1e-5 * np.abs(b).max()


# ---------------------------------------------------------------- options


def test_bf16_and_layouts_find_the_same(
    weights: Path, inferencer: OneShotInferencer, scene: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('mmosis.utils.precision.has_native_bfloat16', lambda _: True)
    image, _ = scene
    expected = inferencer.search(image, inferencer.encode(as_reference(image)))
    for options, tolerance in ((dict(channels_last=False), 1e-4), (dict(precision='bf16'), 0.05)):
        other = OneShotInferencer(DEMO, str(weights), 'cpu', show_progress=False, **options)
        assert other.fingerprint == inferencer.fingerprint
        found = other.search(image, other.encode(as_reference(image)))
        np.testing.assert_allclose(found.scores[:5], expected.scores[:5], rtol=0, atol=tolerance)


def test_boxes_of_bf16_lie_between_its_numbers(weights: Path, scene: tuple) -> None:
    """At 500 pixels bfloat16 knows even numbers alone; boxes, and the masks that are pasted into them, know more."""
    image = cv2.resize(scene[0], (501, 375))
    other = OneShotInferencer(DEMO, str(weights), 'cpu', show_progress=False, precision='bf16', image_scale=501)
    found = other.search(image, other.encode(as_reference(image, (60.0, 50.0, 230.0, 190.0))))
    right = found.bboxes[:, 2]
    assert (right > 300).any()
    assert (np.abs(right / 2 - np.round(right / 2)) > 0.05).any()
    assert found.masks.img_shape == (375, 501)


def test_where_bf16_is_emulated_fp32_searches(
    weights: Path, inferencer: OneShotInferencer, scene: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('mmosis.utils.precision.has_native_bfloat16', lambda _: False)
    image, _ = scene
    other = OneShotInferencer(DEMO, str(weights), 'cpu', show_progress=False, precision='bf16')
    assert other.precision == 'fp32'
    expected, found = (each.search(image, each.encode(as_reference(image))) for each in (inferencer, other))
    np.testing.assert_array_equal(found.scores, expected.scores)
    np.testing.assert_array_equal(found.bboxes, expected.bboxes)


def test_image_scale_sets_the_longer_side(weights: Path, scene: tuple) -> None:
    inferencer = OneShotInferencer(DEMO, str(weights), 'cpu', show_progress=False, image_scale=256)
    image = np.ascontiguousarray(scene[0][:96])
    assert input_shapes(inferencer, image) == [(3, 128, 256)]
    found = inferencer.search(image, inferencer.encode(as_reference(image, (20.0, 10.0, 90.0, 90.0))))
    assert found.bboxes[:, 2].max() <= image.shape[1]
    assert found.masks.img_shape == image.shape[:2]


def test_the_config_may_limit_the_longer_side(weights: Path, scene: tuple) -> None:
    cfg = Config.fromfile(DEMO)
    cfg.search = dict(max_image_scale=128)
    inferencer = OneShotInferencer(cfg, str(weights), 'cpu', show_progress=False)
    small = np.ascontiguousarray(scene[0][:96, :64])
    assert input_shapes(inferencer, scene[0]) == [(3, 128, 128)]
    assert input_shapes(inferencer, small) == [(3, 96, 64)]


@pytest.fixture(scope='module')
def scaling(weights: Path) -> OneShotInferencer:
    """An inferencer that brings objects to 50 pixels; at 128 a box of 75 pixels has them."""
    cfg = Config.fromfile(DEMO)
    cfg.search = dict(sides=(64, 192), object_size=50, unknown_sides=(64, 128), credible_score=0)
    return OneShotInferencer(cfg, str(weights), 'cpu', show_progress=False)


SMALL = (20.0, 20.0, 70.0, 70.0)


def test_a_box_on_the_image_settles_the_scale(scaling: OneShotInferencer, scene: tuple) -> None:
    image, _ = scene
    assert input_shapes(scaling, image, as_reference(image)) == [(3, 128, 128)]
    small = as_reference(image, SMALL, name='small')
    assert input_shapes(scaling, image, small) == [(3, 192, 192)]
    assert input_shapes(scaling, image, [as_reference(image), small]) == [(3, 128, 128), (3, 192, 192)]


def test_each_category_is_found_as_at_its_scale_alone(weights: Path, scaling: OneShotInferencer, scene: tuple) -> None:
    image, _ = scene
    references = [as_reference(image, name='large'), as_reference(image, SMALL, name='small')]
    found = scaling.search(image, scaling.encode(references), keep_all=True)
    for label, side in enumerate((128, 192)):
        alone = OneShotInferencer(DEMO, str(weights), 'cpu', show_progress=False, image_scale=side)
        assert same(found[found.labels == label], alone.search(image, alone.encode(references[label])))


def test_what_a_crop_finds_settles_the_scale(weights: Path, scaling: OneShotInferencer, scene: tuple) -> None:
    """Two sides come first; the size of what they find tells the third, which gives the result."""
    image, _ = scene
    crop = np.ascontiguousarray(image[20:100, 20:90])
    bank = scaling.encode(crop)
    first = []
    for side in (64, 128):
        alone = OneShotInferencer(DEMO, str(weights), 'cpu', show_progress=False, image_scale=side)
        first.append(alone.search(image, bank))
    size = found_size(merge_scales(first, scaling.nms_iou_thr), 0)
    side = plan_views(size, image.shape[:2], scaling.views).side
    sides = list(dict.fromkeys([64, 128, side]))
    assert input_shapes(scaling, image, crop) == [(3, side, side) for side in sides]
    alone = OneShotInferencer(DEMO, str(weights), 'cpu', show_progress=False, image_scale=side)
    assert same(scaling.search(image, bank), alone.search(image, bank))


def test_a_crop_that_finds_nothing_credible_keeps_what_it_has(
    scaling: OneShotInferencer, scene: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, _ = scene
    crop = np.ascontiguousarray(image[20:100, 20:90])
    monkeypatch.setattr(scaling, 'search_cfg', dict(scaling.search_cfg, credible_score=1.0))
    assert input_shapes(scaling, image, crop) == [(3, 64, 64), (3, 128, 128)]
    assert len(scaling.search(image, scaling.encode(crop)))


def test_batches_find_the_same_at_several_scales(scaling: OneShotInferencer, scene: tuple) -> None:
    image, _ = scene
    images = [image, np.ascontiguousarray(image[:, ::-1]), np.ascontiguousarray(image[:96, :96])]
    together = scaling(images, as_reference(image), 3, pred_score_thr=0)['predictions']
    for prediction, one in zip(together, images, strict=True):
        (apart,) = scaling(one, as_reference(image), pred_score_thr=0)['predictions']
        assert prediction['scores'] == pytest.approx(apart['scores'], abs=1e-3)


def test_tiles_of_an_image_go_through_the_model_in_batches(
    scaling: OneShotInferencer, scene: tuple, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tiles know the size of the object in their image; their batches find what they find one by one."""
    image, _ = scene
    monkeypatch.setattr(scaling, 'options', replace(scaling.options, tile=96))
    assert input_shapes(scaling, image, as_reference(image)) == [(3, 64, 64)] * 9
    one_by_one, in_batches = (
        scaling(image, as_reference(image), size, pred_score_thr=0)['predictions'][0] for size in (1, 4)
    )
    assert in_batches['scores'] == pytest.approx(one_by_one['scores'], abs=1e-3)


def test_scores_are_calibrated(weights: Path, inferencer: OneShotInferencer, scene: tuple) -> None:
    cfg = Config.fromfile(DEMO)
    cfg.search = dict(calibration=dict(slope=1.0, offset=-1.0))
    calibrated = OneShotInferencer(cfg, str(weights), 'cpu', show_progress=False)
    bank = inferencer.encode(as_reference(scene[0]))
    plain, found = inferencer.search(scene[0], bank), calibrated.search(scene[0], bank)
    np.testing.assert_allclose(found.scores, expit(logit(plain.scores) - 1), rtol=0, atol=1e-5)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a CUDA device')
def test_a_gpu_finds_the_same(weights: Path, inferencer: OneShotInferencer, scene: tuple) -> None:
    image, _ = scene
    expected = inferencer.search(image, inferencer.encode(as_reference(image)))
    other = OneShotInferencer(DEMO, str(weights), 'cuda', show_progress=False)
    found = other.search(image, other.encode(as_reference(image)))
    np.testing.assert_allclose(found.scores[:5], expected.scores[:5], rtol=0, atol=1e-3)


# ---------------------------------------------------------------- what does not fit


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(precision='fp8'), r"precision must be one of fp32, bf16, got 'fp8'"),
        (dict(image_scale=8), r'image_scale must be at least 32 pixels, got 8'),
    ],
)
def test_options_that_do_not_exist_are_refused(weights: Path, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        OneShotInferencer(DEMO, str(weights), 'cpu', **options)


def test_unknown_models_and_missing_weights_are_refused(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r'there is no config file or folder nothing, and no model of that name'):
        OneShotInferencer('nothing')
    (tmp_path / 'annotations.json').write_text('{"images": []}')
    with pytest.raises(ValueError, match=r'annotations\.json sets no model, test_dataloader; it sets images'):
        OneShotInferencer(str(tmp_path / 'annotations.json'), str(weights))
    with pytest.raises(ValueError, match='there are no weights: give the checkpoint of this config as weights'):
        OneShotInferencer(DEMO)
    cfg = Config.fromfile(DEMO)
    cfg.model.roi_head.bbox_head.fc_out_channels = 128
    with pytest.raises(ValueError, match=r'the weights are not those of this config: .*size mismatch'):
        OneShotInferencer(cfg, str(weights), 'cpu')


def test_a_checkpoint_that_would_run_code_does_not(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple:
            return (Path.touch, (tmp_path / 'ran',))

    torch.save(dict(state_dict=dict(weight=Evil())), tmp_path / 'evil.pth')
    with pytest.raises(ValueError, match=r'cannot be loaded .* nothing in it was executed'):
        OneShotInferencer(DEMO, str(tmp_path / 'evil.pth'), 'cpu')
    assert not (tmp_path / 'ran').exists()


def test_encoded_references_keep_their_precision(inferencer: OneShotInferencer, scene: tuple) -> None:
    bank = inferencer.encode(as_reference(scene[0]))
    assert {array.dtype for array in bank.encoded} == {np.dtype(np.float32)}
