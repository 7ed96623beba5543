"""The result of a call is printed as what was found, and gives each image to look at and to hand on."""

import json
import pickle
import re
import sys
from base64 import b64decode
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData
from PIL import Image, ImageShow

from mmosis.search import LightInferencer, OneShotInferencer
from mmosis.search.search_result import SearchResult


def result(*images: tuple[list[int], list[float]]) -> SearchResult:
    predictions = [dict(labels=labels, scores=scores, bboxes=[]) for labels, scores in images]
    return SearchResult(predictions=predictions, visualization=[], classes=['coin', 'cup'])


@pytest.mark.parametrize(
    ('images', 'text'),
    [
        ([([0, 1, 0, 1, 0], [0.97, 0.9, 0.8, 0.6, 0.531])], '1 image: 5 objects (3 coin, 2 cup), scores 0.53-0.97'),
        ([([1], [0.75]), ([], [])], '2 images: 1 object (1 cup), scores 0.75-0.75'),
        ([([], [])], '1 image: 0 objects'),
    ],
)
def test_it_is_printed(images: list, text: str) -> None:
    found = result(*images)
    assert repr(found) == str(found) == text


def test_data_samples_too() -> None:
    sample = DetDataSample(
        pred_instances=InstanceData(labels=np.array([1, 1]), scores=np.array([0.9, 0.5]), bboxes=np.zeros((2, 4)))
    )
    found = SearchResult(predictions=[sample], visualization=[], classes=['coin', 'cup'])
    assert repr(found) == '1 image: 2 objects (2 cup), scores 0.50-0.90'


def test_it_is_the_dict_of_a_det_inferencer() -> None:
    assert result(([], [])) == dict(
        predictions=[dict(labels=[], scores=[], bboxes=[])], visualization=[], classes=['coin', 'cup']
    )


class TestImages:
    """Each image is at hand, in both runtimes."""

    @pytest.fixture(scope='class', params=['torch', 'onnx'])
    @staticmethod
    def search(request: pytest.FixtureRequest, inferencer: OneShotInferencer, scene: object) -> Callable:
        """Search for an object of the scene."""
        light = LightInferencer(show_progress=False, image_scale=192)
        each = inferencer if request.param == 'torch' else light
        reference = dict(img=scene.image, mask=scene.instances[0].mask, name='<mug>')
        return lambda inputs, score_thr=0.4: each(inputs, reference, pred_score_thr=score_thr)

    @pytest.fixture(scope='class')
    @staticmethod
    def result(search: Callable, scene: object) -> SearchResult:
        return search(scene.image)

    @pytest.fixture
    @staticmethod
    def file(scene: object, tmp_path: Path) -> str:
        cv2.imwrite(str(tmp_path / 'scene.png'), scene.image)
        return str(tmp_path / 'scene.png')

    def test_sizes_and_objects(self, result: SearchResult, scene: object) -> None:
        (image,) = result
        assert (len(result), len(image)) == (1, len(result['predictions'][0]['labels']))
        assert image.image is scene.image
        assert image.counts == {'<mug>': len(image)}
        prediction = result['predictions'][0]
        for i, each in enumerate(image):
            assert (each.category, each.score) == ('<mug>', prediction['scores'][i])
            assert list(each.bbox) == prediction['bboxes'][i]
            assert each.mask['counts'].decode() == prediction['masks'][i]['counts']

    def test_it_stays_a_dict(self, result: SearchResult) -> None:
        assert dict(result) == {**result} == result
        assert list(result.keys()) == ['predictions', 'visualization', 'classes']
        assert pickle.loads(pickle.dumps(result))[0].counts == result[0].counts
        assert json.loads(json.dumps(result))['classes'] == ['<mug>']
        with pytest.raises(KeyError):
            result['prediction']
        with pytest.raises(IndexError):
            result[1]

    def test_several_images(self, search: Callable, scene: object, file: str) -> None:
        result = search([file, scene.image, np.zeros_like(scene.image)])
        assert [each.file_name for each in result] == ['scene.png', '00000001.jpg', '00000002.jpg']
        assert result.files == {'scene.png': Path(file)}
        assert result[-1].counts == result[2].counts
        coco = result.to_coco()
        assert [image['file_name'] for image in coco['images']] == ['scene.png', '00000001.jpg', '00000002.jpg']
        assert len(coco['annotations']) == sum(map(len, result))
        assert [image.file_name for image in result[::-1]] == [image.file_name for image in result][::-1]
        for method in (result.plot, result.show, result.crops, result.to_supervision, lambda: result.save('a.png')):
            with pytest.raises(ValueError, match=r'3 images were searched; take one of them, such as result\[0\]'):
                method()
        assert result._repr_html_().count('<figure>') == 3

    def test_drawn(self, search: Callable, file: str, tmp_path: Path) -> None:
        result = search(file)
        drawn = result.plot()
        assert (drawn.shape, drawn.dtype) == ((480, 480, 3), np.uint8)
        result.save(str(tmp_path / 'new/drawn.png'))
        np.testing.assert_array_equal(cv2.imread(str(tmp_path / 'new/drawn.png'))[..., ::-1], drawn)
        with pytest.raises(ValueError, match=r'drawn.xyz must end as an image does, in \.jpg or \.png'):
            result.save('drawn.xyz')

    def test_shown(self, result: SearchResult, monkeypatch: pytest.MonkeyPatch) -> None:
        shown: list = []
        monkeypatch.delitem(sys.modules, 'ipykernel', raising=False)
        monkeypatch.setattr(ImageShow, 'show', lambda image: shown.append(image.size) or True)
        result.show()
        assert shown == [(480, 480)]
        monkeypatch.setattr(ImageShow, 'show', lambda _: False)
        with pytest.raises(RuntimeError, match=r'no program here that shows images; write it by save\(path\)'):
            result.show()

    def test_in_a_notebook(self, search: Callable, file: str) -> None:
        result = search(file)
        (source,) = re.findall('src="data:image/jpeg;base64,([^"]*)"', result._repr_html_())
        assert Image.open(BytesIO(b64decode(source))).size == (480, 480)
        assert f'{len(result[0])} &lt;mug&gt;</figcaption>' in result._repr_html_()
        Path(file).unlink()
        assert 'there is no image file' in result._repr_html_()

    def test_supervision(self, result: SearchResult, scene: object) -> None:
        detections = result.to_supervision()
        assert len(detections) == len(result[0]) > 0
        assert set(detections.data['class_name'].tolist()) == {'<mug>'}
        assert detections.mask.shape == (len(result[0]), *scene.image.shape[:2])
        np.testing.assert_array_equal(detections.xyxy, result[0].found.bboxes)

    def test_supervision_is_missing(self, result: SearchResult, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, 'supervision', None)
        with pytest.raises(ImportError, match='supervision is not installed: pip install supervision'):
            result.to_supervision()

    def test_coco_and_crops(self, result: SearchResult) -> None:
        coco = result.to_coco()
        assert coco['images'] == [dict(id=1, file_name='00000000.jpg', width=192, height=192)]
        assert [each['score'] for each in coco['annotations']] == [round(each.score, 4) for each in result[0]]
        assert isinstance(result.to_coco(polygons=1.5)['annotations'][0]['segmentation'], list)
        for crop, annotation in zip(result.crops(), coco['annotations'], strict=True):
            assert (crop[..., 3] > 0).sum() == annotation['area']

    def test_nothing_found(self, search: Callable, tmp_path: Path) -> None:
        cv2.imwrite(str(tmp_path / 'empty.png'), np.zeros((192, 192, 3), np.uint8))
        result = search(str(tmp_path / 'empty.png'), 1.0)
        assert (len(result[0]), len(result.to_supervision()), result.crops()) == (0, 0, [])
        assert result.to_coco()['images'][0]['width'] == 192
        assert result.plot().shape == (480, 480, 3)


def test_data_samples_are_read(inferencer: OneShotInferencer, scene: object) -> None:
    how = dict(references=dict(img=scene.image, mask=scene.instances[0].mask), pred_score_thr=0.4)
    plain, sample = (inferencer(scene.image, **how, return_datasamples=given)[0] for given in (False, True))
    assert list(plain) == list(sample)


def test_files_are_named_below_the_folder_of_all(tmp_path: Path) -> None:
    files = [str(tmp_path / 'a.jpg'), str(tmp_path / 'deep/a.jpg')]
    bank = SimpleNamespace(names=['mug'], wanted_thumbnails=list)
    prediction = dict(labels=[], scores=[], bboxes=[])
    result = SearchResult.of(dict(predictions=[prediction] * 2), files, bank, 10**6)
    assert result.files == {'a.jpg': Path(files[0]), 'deep/a.jpg': Path(files[1])}
    assert repr(result[1]) == 'deep/a.jpg: 0 mug'


def test_a_result_of_an_unknown_image() -> None:
    with pytest.raises(ValueError, match='it is not known which image was searched'):
        result(([], [])).plot()
