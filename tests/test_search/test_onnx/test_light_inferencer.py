"""The light runtime finds what torch finds, by the same call, and runs where torch is not installed."""

import json
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mmosis.search import LightInferencer, OneShotInferencer, ReferenceBank, SearchOptions, search_array
from mmosis.search.nms import box_iou
from mmosis.search.views import describe_plans
from mmosis.structures import FoundObjects
from mmosis.utils.image import read_image
from mmosis.utils.install import install_hint

pytest.importorskip('mmosis.utils.onnx_runtime')

PHOTOGRAPH = Path('mmosis/web/page/photographs/pizza.jpg').resolve()
BOX, OTHER = (287, 147, 381, 198), (40, 60, 120, 140)
WITHOUT_TORCH = """
import sys

sys.modules.update(dict.fromkeys(('torch', 'torchvision', 'mmcv', 'mmengine', 'mmdet')))
"""


# Half the default model's, a quarter of the pixels: both runtimes meet the same.
SMALL = dict(object_size=40, sides=(224, 768), min_object_size=24, tile_side=512, unknown_sides=(256, 512))


@pytest.fixture(scope='module')
def light() -> LightInferencer:
    inferencer = LightInferencer(num_threads=1, show_progress=False)
    inferencer.search_cfg = dict(inferencer.search_cfg, **SMALL)
    return inferencer


@pytest.fixture(scope='module')
def torch_inferencer() -> OneShotInferencer:
    inferencer = OneShotInferencer(device='cpu', show_progress=False)
    inferencer.search_cfg = dict(inferencer.search_cfg, **SMALL)
    return inferencer


@pytest.fixture(scope='module')
def image() -> np.ndarray:
    return read_image(str(PHOTOGRAPH))


def assert_same(found: FoundObjects, expected: FoundObjects) -> None:
    """Equal in number; boxes within a tenth of a pixel, scores within 1e-3; masks but for pixels at their border."""
    assert len(found) == len(expected) > 0
    np.testing.assert_allclose(found.bboxes, expected.bboxes, atol=0.1)
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-3)
    np.testing.assert_array_equal(found.labels, expected.labels)
    assert (found.masks.numpy() == expected.masks.numpy()).mean() > 0.9999


@pytest.mark.no_cover  # the tests below cover what it runs
@pytest.mark.parametrize(
    'references',
    [
        [dict(bbox=BOX)],
        [dict(bbox=BOX, name='a'), dict(bbox=OTHER, name='b', negative=True)],
        [dict(bbox=BOX), dict(bbox=OTHER)],
    ],
    ids=['box', 'negative', 'two shots'],
)
def test_it_finds_what_torch_finds(
    light: LightInferencer, torch_inferencer: OneShotInferencer, image: np.ndarray, references: list[dict]
) -> None:
    for keep_all in (False, True):
        found, expected = (
            each.search(image, each.encode(references, searched=[image]), keep_all)
            for each in (light, torch_inferencer)
        )
        strong, expected = found[found.scores > 0.1], expected[expected.scores > 0.1]
        assert_same(strong, expected)


def draw_discs(side: int, distance: int, radius: int) -> tuple[np.ndarray, np.ndarray]:
    """A square image full of discs, with a ring each, and their boxes."""
    image = np.random.default_rng(0).normal(90, 8, (side, side, 3)).clip(0, 255).astype(np.uint8)
    steps = range(distance // 2, side, distance)
    for x, y in (centres := [(x, y) for y in steps for x in steps]):
        cv2.circle(image, (x, y), radius, (40, 90, 220), -1)
        cv2.circle(image, (x, y), radius // 2, (240, 240, 240), -1)
    low, high = np.array(centres) - radius, np.array(centres) + radius
    return image, np.concatenate([low, high], axis=1).astype(np.float32)


def test_more_than_a_hundred_things_in_one_image(light: LightInferencer) -> None:
    """Each of 144 discs is found, at whatever score: neither proposals nor detections end at 100."""
    image, discs = draw_discs(480, 40, 12)
    found = light.search(image, light.encode(dict(img=image, bbox=tuple(discs[0]))))
    assert (box_iou(discs, found.bboxes).max(axis=1) > 0.5).all()


def test_what_is_boxed_on_the_image_is_found_once(
    light: LightInferencer, torch_inferencer: OneShotInferencer, image: np.ndarray
) -> None:
    """However it scored, and as the network outlines it."""
    for each in (light, torch_inferencer):
        bank = each.encode(dict(bbox=BOX), searched=[image])
        found, of_network = (each.search_image(image, bank, add_boxed=added).found for added in (True, False))
        overlaps = box_iou(np.array([BOX], np.float32), found.bboxes)[0]
        assert overlaps.argmax() == 0
        assert (overlaps >= 0.5).sum() == 1
        assert found.scores[0] == 1 > of_network.scores.max()
        nearest = box_iou(np.array([BOX], np.float32), of_network.bboxes)[0].argmax()
        np.testing.assert_array_equal(found.bboxes[0], of_network.bboxes[nearest])
        assert found.masks[0] == of_network.masks[int(nearest)]
        assert 1 not in each.search(np.ascontiguousarray(image[:, ::-1]), bank).scores
        (prediction,) = each(image, bank, pred_score_thr=1)['predictions']
        assert prediction['bboxes'] == found.bboxes[:1].tolist()


def test_a_crop_and_a_mask(light: LightInferencer, torch_inferencer: OneShotInferencer, image: np.ndarray) -> None:
    """A crop tells no size, so what is found at two scales tells it."""
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.ellipse(mask, (334, 172), (40, 22), 0, 0, 360, 1, -1)
    for reference in (image[147:198, 287:381], dict(img=image, mask=mask)):
        found, expected = (each.search(image, each.encode(reference)) for each in (light, torch_inferencer))
        assert_same(found[found.scores > 0.1], expected[expected.scores > 0.1])


def test_banks_are_the_same(
    light: LightInferencer, torch_inferencer: OneShotInferencer, image: np.ndarray, tmp_path: Path
) -> None:
    banks = [each.encode(dict(img=image, bbox=BOX)) for each in (light, torch_inferencer)]
    assert banks[0].fingerprint == banks[1].fingerprint
    for a, b in zip(*(bank.encoded for bank in banks), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)
    banks[1].save(tmp_path / 'bank')
    loaded = ReferenceBank.load(tmp_path / 'bank')
    assert_same(
        *(found[found.scores > 0.1] for found in (each.search(image, loaded) for each in (light, torch_inferencer)))
    )


def test_tiles(light: LightInferencer, torch_inferencer: OneShotInferencer, image: np.ndarray) -> None:
    bank = light.encode(dict(img=image, bbox=BOX))
    assert_same(*(search_array(each, image, bank, SearchOptions(0.3, tile=300)) for each in (light, torch_inferencer)))


@pytest.mark.no_cover  # as above
def test_small_things_in_a_large_image_are_searched_in_tiles(
    light: LightInferencer, torch_inferencer: OneShotInferencer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discs of 16 pixels would have 13 in the largest whole image; tiles of 128 pixels show them with 32."""
    image, discs = draw_discs(320, 40, 8)
    bank = light.encode(dict(img=image, bbox=tuple(discs[0])))
    few = dict(sides=(64, 256), object_size=32, min_object_size=16, tile_side=256)
    results = []
    for each in (light, torch_inferencer):
        monkeypatch.setattr(each, 'search_cfg', dict(each.search_cfg, **few))
        searched = each.search_image(image, bank)
        assert describe_plans(plan.describe() for plan in searched.plans) == 'in 9 tiles of 128 pixels'
        assert (box_iou(discs, searched.found.bboxes).max(axis=1) > 0.5).mean() > 0.95
        results.append(searched.found[searched.found.scores > 0.05])
    assert_same(*results)


def test_image_scale_overrules(light: LightInferencer, image: np.ndarray) -> None:
    small = LightInferencer(image_scale=256, num_threads=1, show_progress=False)
    assert small.views.sides == (256, 256)
    bank = light.encode(dict(img=image, bbox=BOX))
    assert small.search(image, bank).scores[:3] != pytest.approx(light.search(image, bank).scores[:3], abs=1e-3)


def test_its_call_is_the_inferencers(
    light: LightInferencer, torch_inferencer: OneShotInferencer, tmp_path: Path
) -> None:
    results = [
        each(str(PHOTOGRAPH), dict(bbox=BOX, name='tomato'), out_dir=str(folder), no_save_pred=False, return_vis=True)
        for each, folder in ((light, tmp_path / 'light'), (torch_inferencer, tmp_path / 'torch'))
    ]
    found, expected = (result['predictions'][0] for result in results)
    assert set(found) == set(expected)
    assert len(found['scores']) == len(expected['scores'])
    np.testing.assert_allclose(found['scores'], expected['scores'], atol=1e-3)
    assert results[0]['classes'] == results[1]['classes'] == ['tomato']
    assert json.loads((tmp_path / 'light/preds/pizza.json').read_text()) == found
    names = [sorted(str(path.relative_to(folder)) for path in folder.rglob('*.*')) for folder in tmp_path.iterdir()]
    assert names[0] == names[1]
    shown, wanted = (result['visualization'][0] for result in results)
    assert shown.shape == wanted.shape
    assert (shown != wanted).any(axis=2).mean() < 0.001


@pytest.mark.parametrize('asked', [{}, dict(pred_score_thr=0.2)])
def test_predictions_and_the_image_have_one_threshold(
    light: LightInferencer, image: np.ndarray, monkeypatch: pytest.MonkeyPatch, asked: dict
) -> None:
    """By default that of the command."""
    drawn = []
    monkeypatch.setattr('mmosis.search.onnx.light_inferencer.draw_search', lambda _, found, *__: drawn.append(found))
    result = light(Image.fromarray(image[..., ::-1]), dict(bbox=BOX, name='tomato'), return_vis=True, **asked)
    everything = light.search(image, light.encode(dict(img=image, bbox=BOX)))
    expected = everything.scores[everything.scores >= asked.get('pred_score_thr', 0.5)].tolist()
    assert result['predictions'][0]['scores'] == drawn[0].scores.tolist() == expected
    assert 0 < len(expected) < len(everything)
    number = f'{len(expected)} object' + 's' * (len(expected) > 1)
    assert repr(result).startswith(f'1 image: {number} ({len(expected)} tomato), scores ')
    with pytest.raises(ValueError, match=r'the score threshold must be in 0-1, got 1\.5'):
        light(image, dict(bbox=BOX), pred_score_thr=1.5)


def test_arguments_of_torch_are_refused(light: LightInferencer, image: np.ndarray) -> None:
    with pytest.raises(TypeError, match=r'show, batch_size cannot be had from the light runtime; .* pip install'):
        light(image, image[:50], show=True, batch_size=2)


def test_another_models_bank_is_refused(light: LightInferencer, image: np.ndarray) -> None:
    bank = light.encode(image)
    other = ReferenceBank(bank.entries, bank.thumbnails, bank.encoded, '0' * 64)
    with pytest.raises(ValueError, match='encoded by another model'):
        light.search(image, other)


def test_a_search_needs_no_torch(tmp_path: Path) -> None:
    """Box, tiles, overlay and bank, by the command, where torch, MMEngine and MMDetection cannot be imported."""
    program = WITHOUT_TORCH + 'from mmosis.cli import main\nsys.exit(main(sys.argv[1:]))'
    box = ','.join(map(str, BOX))
    arguments = ['search', str(PHOTOGRAPH), '--box', box, '--out', str(tmp_path / 'out'), '--tile', '300']
    bank = ['--save-bank', str(tmp_path / 'bank')]
    result = subprocess.run(
        [sys.executable, '-c', program, *arguments, *bank], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert json.loads((tmp_path / 'out/annotations.json').read_text())['annotations']
    assert (tmp_path / 'out/overlays/pizza.jpg').is_file()
    assert len(ReferenceBank.load(tmp_path / 'bank')) == 1


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (
            ['--device', 'cuda'],
            f'device can be given to torch alone, and mmdet is not installed: {install_hint("onedl")}',
        ),
        (['--model', 'lite'], 'there is no config file or folder lite, and no model of that name comes with mmosis'),
        (['--device', 'cpu'], 'there is no image or folder a.jpg'),
        (['--device', 'auto'], 'there is no image or folder a.jpg'),
    ],
)
def test_what_is_wrong_is_reported_without_torch(words: list[str], message: str) -> None:
    line = f"main(['search', 'a.jpg', '--reference', 'b.jpg', '--out', 'c', *{words}])"
    program = f'{WITHOUT_TORCH}from mmosis.cli import main\nsys.exit({line})'
    result = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr.startswith(f'mmosis: error: {message}')
    assert result.stderr.count('\n') == 1


def test_without_mmdet_it_is_the_inferencer() -> None:
    program = f'{WITHOUT_TORCH}from mmosis.apis import OneShotInferencer\nfrom mmosis.search import LightInferencer\n'
    check = 'assert OneShotInferencer is LightInferencer'
    subprocess.run([sys.executable, '-c', program + check], check=True)


def test_images_of_one_name_do_not_overwrite_each_other(
    light: LightInferencer, image: np.ndarray, tmp_path: Path
) -> None:
    for number, folder in enumerate('xy'):
        (tmp_path / folder).mkdir()
        cv2.imwrite(str(tmp_path / folder / 'a.png'), np.ascontiguousarray(image[: 100 + number, :120]))
    inputs = [str(tmp_path / folder / 'a.png') for folder in 'xy']
    result = light(inputs, dict(img=image, bbox=BOX), out_dir=str(tmp_path / 'out'), no_save_pred=False)
    names = ['x/a', 'y/a']
    preds = [json.loads((tmp_path / 'out/preds' / f'{name}.json').read_text()) for name in names]
    assert preds == result['predictions']
    ratios = [np.divide(*cv2.imread(str(tmp_path / 'out/vis' / f'{name}.png')).shape[1::-1]) for name in names]
    np.testing.assert_allclose(ratios, [120 / 100, 120 / 101], atol=0.01)


@pytest.mark.parametrize('asked', [dict(image_scale='640'), dict(image_scale=640.5), dict(max_pixels='x')])
def test_pixels_are_integers(asked: dict) -> None:
    ((name, value),) = asked.items()
    with pytest.raises(ValueError, match=f'^{name} must be a whole number of pixels, got {value!r}'):
        LightInferencer(num_threads=1, **asked)


@pytest.mark.parametrize('score_thr', [None, '0.3', [0.3]])
def test_a_threshold_that_is_no_number(light: LightInferencer, image: np.ndarray, score_thr: object) -> None:
    with pytest.raises(TypeError, match=re.escape(f'the score threshold must be a number in 0-1, got {score_thr!r}')):
        light(image, dict(img=image, bbox=BOX), pred_score_thr=score_thr)


def test_max_pixels(light: LightInferencer, image: np.ndarray) -> None:
    limited = LightInferencer(num_threads=1, show_progress=False, max_pixels=1000)
    with pytest.raises(ValueError, match=r'pizza\.jpg has .* pixels .*, more than 1000; make it smaller'):
        limited.encode(str(PHOTOGRAPH))
    with pytest.raises(ValueError, match=r'pizza\.jpg has .* pixels .*, more than 1000; make it smaller'):
        limited(str(PHOTOGRAPH), light.encode(dict(img=image, bbox=BOX)))
    with pytest.raises(ValueError, match='max_pixels must be at least 1, got 0'):
        LightInferencer(max_pixels=0)
