import json
from collections import Counter
from pathlib import Path

import numpy as np
from mmdet.datasets import CocoDataset

from benchmarks.annotations import AnnotationsAlone, measure
from benchmarks.coco_size import CATEGORY_IDS, CATEGORY_NAMES, write_coco_size
from mmosis.datasets import OneShotCocoDataset


def test_the_file_is_as_large_as_asked_and_like_coco(tmp_path: Path) -> None:
    path = write_coco_size(tmp_path, 300, 2200)
    content = json.loads(path.read_text())
    images, objects = content['images'], content['annotations']
    assert (len(images), len(objects), len(content['categories'])) == (300, 2200, 80)
    assert [category['id'] for category in content['categories']] == CATEGORY_IDS
    assert (CATEGORY_IDS[0], CATEGORY_IDS[-1]) == (1, 90)
    counts = Counter(each['category_id'] for each in objects)
    assert 0.2 < counts[1] / 2200 < 0.4  # persons
    crowds = [each for each in objects if each['iscrowd']]
    assert 5 < len(crowds) < 60
    assert {sum(each['segmentation']['counts']) for each in crowds} <= {480 * 640, 427 * 640}
    points = [len(each['segmentation'][0]) / 2 for each in objects if not each['iscrowd']]
    assert 20 < np.mean(points) < 30
    assert min(points) >= 3


def test_the_file_is_taken_if_it_is_there(tmp_path: Path) -> None:
    path = write_coco_size(tmp_path, 20, 100)
    path.write_text('kept')
    assert write_coco_size(tmp_path, 20, 100).read_text() == 'kept'
    assert write_coco_size(tmp_path, 20, 101).read_text() != 'kept'


def test_both_data_sets_read_the_file(tmp_path: Path) -> None:
    settings = dict(ann_file=str(write_coco_size(tmp_path, 60, 500)), data_prefix=dict(img=''))
    ours = OneShotCocoDataset(**settings, split=1)
    stock = CocoDataset(**settings, metainfo=dict(classes=CATEGORY_NAMES))
    assert sum(len(stock.get_data_info(index)['instances']) for index in range(len(stock))) > 480
    for dataset in (ours, stock):
        items = AnnotationsAlone(dataset, 200)
        assert {items[position] for position in range(200)} <= set(range(len(dataset)))
    assert AnnotationsAlone(None, 3)[2] == 0


def test_memory_and_seconds_are_measured(tmp_path: Path) -> None:
    path = write_coco_size(tmp_path, 200, 2000)
    used = measure(dict(type='OneShotCocoDataset', split=1), path, num_workers=1, num_items=64)
    assert used.seconds > 0
    assert used.processor_seconds > 0
    assert used.peak >= used.resident
    assert 0.5 < used.serialised < 2
    assert used.workers > max(0, used.reading)
