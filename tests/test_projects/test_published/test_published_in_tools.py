"""A converted checkpoint in the tools: the test, the search and the web page."""

import json
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from published_model import CONFIG, write_h5
from starlette.testclient import TestClient
from tools_runner import run

from mmosis.search import OneShotInferencer
from mmosis.search.service import SearchService
from mmosis.web import make_app
from projects.scenes.synthetic import make_scenes

SMALL = {
    'test_dataloader.dataset.pipeline.1.min_size': 192,
    'test_dataloader.dataset.pipeline.1.max_size': 256,
    'test_dataloader.dataset.ref_pipeline.1.image_sizes': (192, 256),
    'test_dataloader.dataset.ref_pipeline.1.ref_sizes': (48, 64),
    'model.test_cfg.rcnn.score_thr': 0.6,  # few regions of random weights have more
}


@pytest.fixture(scope='module')
def checkpoint(all_tensors: dict, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the converter makes of a published file."""
    folder = tmp_path_factory.mktemp('published')
    write_h5(folder / 'model.h5', all_tensors)
    run('tools/model_converters/keras_to_mmosis.py', folder / 'model.h5', folder / 'model.pth')
    return folder / 'model.pth'


@pytest.fixture(scope='module')
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp('scenes')
    make_scenes(root, num_images=60, seed=1, image_size=64)
    return root


@pytest.fixture(scope='module')
def inferencer(checkpoint: Path) -> OneShotInferencer:
    """One that computes in the order of the test: random weights have many scores that are all but equal."""
    cfg = Config.fromfile(CONFIG)
    cfg.merge_from_dict(SMALL)
    return OneShotInferencer(cfg, str(checkpoint), device='cpu', show_progress=False, channels_last=False)


@pytest.fixture(scope='module')
def dump(checkpoint: Path, scenes: Path) -> dict[str, list | dict]:
    """What ``tools/test.py`` found, and which episodes it had."""
    places = {'data_root': f'{scenes}/', 'ann_file': 'annotations.json', 'data_prefix.img': 'images', 'indices': 2}
    options = {**SMALL, **{f'test_dataloader.dataset.{key}': value for key, value in places.items()}}
    options.update({'test_dataloader.num_workers': 0, 'test_dataloader.persistent_workers': False})
    folder = checkpoint.parent / 'dump'
    words = [f'{key}={value}'.replace(' ', '') for key, value in options.items()]
    run('tools/test.py', CONFIG, checkpoint, '--work-dir', folder / 'work', '--dump', folder, '--cfg-options', *words)
    episodes = json.loads((folder / 'episodes.json').read_text())['episodes']
    return dict(episodes=episodes, found=json.loads((folder / 'predictions_run0.json').read_text()))


def test_the_search_finds_what_the_test_finds(inferencer: OneShotInferencer, scenes: Path, dump: dict) -> None:
    truth = json.loads((scenes / 'annotations.json').read_text())
    files = {image['id']: scenes / 'images' / image['file_name'] for image in truth['images']}
    objects = {each['id']: each for each in truth['annotations']}
    assert dump['found']
    for episode in dump['episodes']:
        reference = objects[episode['reference_ids'][0]]
        x, y, w, h = reference['bbox']
        asked = dict(img=str(files[reference['image_id']]), bbox=(x, y, x + w, y + h))
        (result,) = inferencer(str(files[episode['image_id']]), references=asked, pred_score_thr=0)['predictions']
        mine = [(*box[:2], box[2] - box[0], box[3] - box[1]) for box in result['bboxes']]
        found = [
            row
            for row in dump['found']
            if (row['image_id'], row['category_id']) == (episode['image_id'], episode['category_id'])
        ]
        assert result['scores'] == pytest.approx([row['score'] for row in found], abs=1e-4)
        np.testing.assert_allclose(mine, [row['bbox'] for row in found])


def test_the_page_searches(inferencer: OneShotInferencer, scenes: Path) -> None:
    reference, image = [path.read_bytes() for path in sorted((scenes / 'images').iterdir())[:2]]
    form = dict(references=json.dumps([dict(image='reference')]), score_thr='0')
    with TestClient(make_app(SearchService(inferencer)), base_url='http://localhost') as client:
        answer = client.post('/search', data=form, files=dict(image=image, reference=reference))
    assert answer.json()['objects']


def test_its_images_have_one_size(inferencer: OneShotInferencer, checkpoint: Path) -> None:
    with pytest.raises(ValueError, match='image_scale sets the Resize of the test pipeline, and this config has none'):
        OneShotInferencer(str(CONFIG), str(checkpoint), device='cpu', image_scale=512)
