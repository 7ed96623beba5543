"""Fixtures of all tests: a tiny COCO-format set, pipelines for it and a tiny model."""

import gc
import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

# One thread a process, of what tests start as well: before anything that counts cores is imported. Tests run beside
# each other, and the last digits of a sum depend on the threads.
os.environ['OMP_NUM_THREADS'] = os.environ['OPENCV_FOR_THREADS_NUM'] = '1'

import cv2
import numpy as np
import pytest
from mmdet.registry import DATASETS
from mmengine.config import Config, ConfigDict
from mmengine.dataset import pseudo_collate
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from mmengine.utils import get_git_hash
from mmengine.utils.dl_utils import collect_env
from pycocotools import mask as mask_utils
from tools_runner import NO_LAYOUT, forget_visualizers
from yapf.yapflib import yapf_api

import mmosis.datasets
import mmosis.engine
import mmosis.evaluation
import mmosis.models
import mmosis.visualization

CONFIGS = Path(__file__).parents[1] / 'configs'
LAY_OUT = yapf_api.FormatCode

# The first eight of COCO, with other ids. Under S1, person and airplane are one-shot categories.
CATEGORIES = {
    'person': 10,
    'bicycle': 20,
    'car': 30,
    'motorcycle': 40,
    'airplane': 50,
    'bus': 60,
    'train': 70,
    'truck': 80,
}
# id: (file, (h, w), [(category, (x, y, w, h), type of mask)]). Bus shows in one image, train in none, image 20 shows
# one-shot categories of S1 only, image 44 nothing; image 3 has a crowd, image 12 a degenerate box.
SCENES = {
    7: ('a.jpg', (80, 100), [('bicycle', (5, 5, 30, 20), 'polygon'), ('bicycle', (50, 40, 25, 30), 'rle'),
                             ('car', (60, 5, 30, 25), 'polygon')]),
    3: ('b.png', (64, 96), [('bicycle', (4, 4, 24, 24), 'polygon'), ('car', (40, 10, 20, 30), 'rle'),
                            ('bicycle', (66, 5, 28, 50), 'crowd'), ('motorcycle', (10, 36, 25, 20), 'polygon'),
                            ('person', (40, 44, 16, 18), 'rle')]),
    12: ('c.jpg', (100, 70), [('bicycle', (8, 10, 40, 30), 'rle'), ('truck', (10, 50, 30, 40), 'polygon'),
                              ('car', (60, 50, 0.5, 30), 'polygon'), ('person', (48, 50, 18, 24), 'polygon')]),
    5: ('d.png', (60, 60), [('car', (5, 5, 24, 24), 'polygon'), ('motorcycle', (32, 30, 22, 24), 'rle'),
                            ('truck', (4, 36, 22, 18), 'polygon')]),
    20: ('e.jpg', (90, 80), [('person', (10, 10, 25, 40), 'polygon'), ('airplane', (40, 50, 34, 30), 'rle')]),
    9: ('f.png', (72, 88), [('airplane', (6, 6, 30, 24), 'rle'), ('motorcycle', (44, 8, 34, 26), 'polygon'),
                            ('bus', (20, 38, 44, 28), 'polygon')]),
    31: ('g.jpg', (80, 80), [('car', (6, 8, 26, 22), 'rle'), ('truck', (44, 6, 30, 28), 'polygon'),
                             ('airplane', (8, 44, 28, 28), 'polygon'), ('person', (48, 42, 20, 32), 'rle')]),
    44: ('h.png', (64, 64), []),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _no_visualizer_of_another_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """MMEngine's hooks take the visualizer that was made last in this process; a new process has none."""
    forget_visualizers(monkeypatch)


@pytest.fixture(autouse=True, scope='session')
def _signals_as_in_a_terminal() -> None:
    """Tests send signals, and a shell has its background jobs ignore SIGINT, as nohup does with SIGHUP."""
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


@pytest.fixture(autouse=True, scope='session')
def _quick_garbage_collection() -> Iterator[None]:
    """Leave out the imported modules: mmdet collects garbage whenever a dataset is built."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True, scope='session')
def _configs_as_they_come() -> Iterator[None]:
    """Leave out the layout of configs, which takes most of a small run: it is made for each log, copy and checkpoint.

    So do the processes that tests start.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yapf_api, 'FormatCode', lambda text, **_: (text, True))
        patch.setenv('PYTHONPATH', NO_LAYOUT, prepend=os.pathsep)
        yield


@pytest.fixture(autouse=True, scope='session')
def _same_machine() -> Iterator[None]:
    """Ask once for the compiler's version and the commit: MMEngine starts programs for each Runner and checkpoint."""
    environment, commit = collect_env(), get_git_hash()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('mmengine.runner.runner.collect_env', environment.copy)
        patch.setattr('mmengine.runner.runner.get_git_hash', lambda: commit)
        yield


@pytest.fixture
def laid_out_configs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Configs are printed and written in the layout that users see."""
    monkeypatch.setattr(yapf_api, 'FormatCode', LAY_OUT)


@pytest.fixture(autouse=True)
def _mmdet_scope() -> None:
    """Let registries find mmdet's modules, whatever scope a test's Runner has left."""
    init_default_scope('mmdet')


@pytest.fixture
def mmengine_log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What MMEngine's logger says: it does not propagate, so pytest's own ``caplog`` hears nothing of it."""
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


@pytest.fixture(scope='session')
def _tiny_coco_master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp('tiny_coco')
    (root / 'images').mkdir()
    dataset = dict(
        images=[], annotations=[], categories=[dict(id=cat_id, name=name) for name, cat_id in CATEGORIES.items()]
    )
    for img_id, (name, (height, width), objects) in SCENES.items():
        image = np.random.default_rng(img_id).integers(0, 60, (height, width, 3), dtype=np.uint8)
        dataset['images'].append(dict(id=img_id, file_name=name, height=height, width=width))
        for category, bbox, mask_type in objects:
            mask = _draw(image, category, bbox)
            ann_id = len(dataset['annotations']) + 100
            dataset['annotations'].append(
                dict(
                    id=ann_id,
                    image_id=img_id,
                    category_id=CATEGORIES[category],
                    bbox=list(bbox),
                    area=float(mask.sum()) or 1.0,
                    iscrowd=int(mask_type == 'crowd'),
                    segmentation=_outline(bbox) if mask_type == 'polygon' else _rle(mask),
                )
            )
        cv2.imwrite(str(root / 'images' / name), image)
    (root / 'annotations.json').write_text(json.dumps(dataset))
    return root


def _draw(image: np.ndarray, category: str, bbox: tuple) -> np.ndarray:
    """Fill a rectangle with the category's colour; returns its mask."""
    mask = np.zeros(image.shape[:2], dtype=np.uint8)
    x, y, width, height = bbox
    mask[round(y) : round(y + height), round(x) : round(x + width)] = 1
    number = list(CATEGORIES).index(category) + 1
    image[mask > 0] = (80 + 160 * (number & 1), 80 + 80 * (number >> 1 & 1), 255 - 20 * number)
    return mask


def _outline(bbox: tuple) -> list[list[float]]:
    x, y, width, height = bbox
    return [[x, y, x + width, y, x + width, y + height, x, y + height]]


def _rle(mask: np.ndarray) -> dict:
    rle = mask_utils.encode(np.asfortranarray(mask))
    return dict(size=rle['size'], counts=rle['counts'].decode())


@pytest.fixture
def tiny_coco(tmp_path: Path, _tiny_coco_master: Path) -> Callable[..., Path]:
    """Write the tiny set; returns its folder with ``annotations.json`` and ``images/``.

    ``tiny_coco(annotations=lambda anns: anns[:3], categories=[...])`` puts other lists into the JSON file: a function
    gets the old list, everything else is written as it is. Every call makes a new folder.
    """
    made = []

    def write(**changes) -> Path:
        root = tmp_path / f'coco{len(made)}'
        made.append(shutil.copytree(_tiny_coco_master, root))
        dataset = json.loads((root / 'annotations.json').read_text())
        for key, change in changes.items():
            dataset[key] = change(dataset.get(key)) if callable(change) else change
        (root / 'annotations.json').write_text(json.dumps(dataset))
        return root

    return write


@pytest.fixture
def tiny_pipelines() -> dict[str, list[dict]]:
    """Pipelines 'train', 'test' (image 64x64) and 'ref' (reference 32x32)."""
    resize = [
        dict(type='Resize', scale=(64, 64), keep_ratio=True),
        dict(type='Pad', size=(64, 64), pad_val=dict(img=(0, 0, 0))),
    ]
    return dict(
        train=[
            dict(type='LoadImage'),
            dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
            *resize,
            dict(type='RandomFlip', prob=0.5),
            dict(type='PackOneShotInputs'),
        ],
        test=[dict(type='LoadImage'), *resize, dict(type='PackOneShotInputs')],
        ref=[
            dict(type='LoadImage'),
            dict(type='CropReference'),
            dict(type='ResizeReference', size=32),
            dict(type='PackReference'),
        ],
    )


@pytest.fixture
def tiny_dataset_cfg(tiny_coco: Callable, tiny_pipelines: dict) -> Callable[..., dict]:
    """Config of an OneShotCocoDataset, split S1: ``tiny_dataset_cfg(root=None, test_mode=False, **settings)``."""

    def make(root: Path | None = None, test_mode: bool = False, **settings) -> dict:
        cfg = dict(
            type='OneShotCocoDataset',
            data_root=str(root or tiny_coco()),
            ann_file='annotations.json',
            data_prefix=dict(img='images/'),
            test_mode=test_mode,
            pipeline=tiny_pipelines['test' if test_mode else 'train'],
            ref_pipeline=tiny_pipelines['ref'],
        )
        names = {'split', 'background_classes', 'one_shot_classes'}
        return {**cfg, **({} if names & set(settings) else dict(split=1)), **settings}

    return make


@pytest.fixture
def tiny_dataset(tiny_dataset_cfg: Callable) -> Callable[..., 'mmosis.datasets.OneShotCocoDataset']:
    """Build the dataset of ``tiny_dataset_cfg``; same arguments."""
    return lambda *args, **settings: DATASETS.build(tiny_dataset_cfg(*args, **settings))


@pytest.fixture
def make_batch() -> Callable[..., dict]:
    """Collate items as MMEngine's loader does: ``make_batch(dataset, 0, 1)``."""
    return lambda dataset, *indices: pseudo_collate([dataset[index] for index in indices])


@pytest.fixture
def tiny_model_cfg() -> Callable[..., ConfigDict]:
    """Config of the demo's model with few channels, for images of 64x64; keyword arguments change it."""

    def make(**changes) -> ConfigDict:
        cfg = Config.fromfile(CONFIGS / 'demo' / 'siamese_mask_rcnn_demo_s1.py')
        norm_cfg = dict(type='GN', num_groups=2, requires_grad=True)
        cfg.merge_from_dict(
            dict(
                model=dict(
                    data_preprocessor=dict(pad_size_divisor=32),
                    backbone=dict(base_channels=4, norm_cfg=norm_cfg),
                    neck=dict(in_channels=[4, 8, 16, 32], out_channels=8, norm_cfg=norm_cfg),
                    match_neck=dict(in_channels=8, out_channels=8),
                    rpn_head=dict(in_channels=8, feat_channels=8),
                    roi_head=dict(
                        bbox_roi_extractor=dict(out_channels=8),
                        bbox_head=dict(in_channels=8, fc_out_channels=16),
                        mask_roi_extractor=dict(out_channels=8),
                        mask_head=dict(num_convs=1, in_channels=8, conv_out_channels=8, norm_cfg=norm_cfg),
                    ),
                    train_cfg=dict(
                        rpn=dict(sampler=dict(num=32)),
                        rpn_proposal=dict(nms_pre=50, max_per_img=20),
                        rcnn=dict(sampler=dict(num=16)),
                    ),
                    test_cfg=dict(rpn=dict(nms_pre=50, max_per_img=20), rcnn=dict(max_per_img=10)),
                )
            )
        )
        cfg.merge_from_dict(dict(model=changes))
        return cfg.model

    return make
