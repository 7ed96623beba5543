"""is_searchable is mmdet's rule of what a data set gives to a detector."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from mmdet.datasets import CocoDataset

from mmosis.utils.coco_file import load_coco
from mmosis.utils.coco_objects import is_searchable

IMAGE = dict(img_id=1, file_name='a.jpg', width=100, height=80)


def mmdet_searches(annotation: dict) -> bool:
    dataset = SimpleNamespace(data_prefix=dict(img=''), return_classes=False, cat_ids=[1], cat2label={1: 0})
    info = CocoDataset.parse_data_info(dataset, dict(raw_img_info=IMAGE, raw_ann_info=[annotation]))
    return any(not instance['ignore_flag'] for instance in info['instances'])


@pytest.mark.parametrize('seed', range(20))
def test_it_agrees_with_mmdet(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(50):
        x, y = rng.choice([-20, -1, 0, 50, 79.5, 80, 99, 100, 130], 2)
        width, height = rng.choice([0, 0.5, 0.999, 1, 20, 30, 200], 2, p=[0.05, 0.05, 0.05, 0.05, 0.3, 0.3, 0.2])
        annotation = dict(id=1, category_id=1, bbox=[x, y, width, height], area=rng.choice([-1, 0, 0.1, 300]))
        for key in ('iscrowd', 'ignore'):
            if rng.random() < 0.5:
                annotation[key] = int(rng.random() < 0.3)
        found.append(is_searchable(annotation, IMAGE))
        assert found[-1] == mmdet_searches(annotation), annotation
    assert 0 < sum(found) < 50


@pytest.mark.parametrize('seed', range(5))
def test_it_agrees_with_what_loading_says_is_skipped(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    annotations = [dict(id=1, image_id=1, category_id=1, bbox=[10, 10, 20, 20], area=400)]
    for number in range(2, 80):
        x, y = rng.choice([-20, -1, 0, 50, 79.5, 80, 99, 100, 130], 2).tolist()
        width, height = rng.choice([0, 0.5, 0.999, 1, 20, 200], 2).tolist()
        flags = {key: int(rng.random() < 0.2) for key in ('iscrowd', 'ignore')}
        box = dict(bbox=[x, y, width, height], area=float(rng.choice([0, 0.1, 300])))
        annotations.append(dict(id=number, image_id=1, category_id=1, **box, **flags))
    dataset = dict(images=[dict(IMAGE, id=1)], annotations=annotations, categories=[dict(id=1, name='mug')])
    (tmp_path / 'a.json').write_text(json.dumps(dataset))
    coco = load_coco(str(tmp_path / 'a.json'))
    assert set(coco.skipped) == {a['id'] for a in coco.dataset['annotations'] if not is_searchable(a, IMAGE)}
    assert 0 < len(coco.skipped) < len(annotations)
