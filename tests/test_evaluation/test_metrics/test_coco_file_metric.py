"""CocoFileMetric counts the images that were tested; the tiny set is described in ``tests/conftest.py``."""

import numpy as np
import pytest
import torch
from mmdet.evaluation import CocoMetric
from pycocotools.coco import COCO

from mmosis.evaluation import CocoFileMetric


def perfect_sample(coco: COCO, img_id: int) -> dict:
    """A result that is the truth."""
    annotations = [annotation for annotation in coco.imgToAnns[img_id] if not annotation['iscrowd']]
    boxes = np.array([annotation['bbox'] for annotation in annotations])
    boxes[:, 2:] += boxes[:, :2]
    labels = [list(coco.cats).index(annotation['category_id']) for annotation in annotations]
    predictions = dict(
        bboxes=torch.tensor(boxes),
        scores=torch.ones(len(boxes)),
        labels=torch.tensor(labels),
        masks=[coco.annToRLE(annotation) for annotation in annotations],
    )
    image = coco.imgs[img_id]
    return dict(img_id=img_id, ori_shape=(image['height'], image['width']), pred_instances=predictions)


@pytest.mark.parametrize('by_mmdet', [False, True])
def test_a_part_of_the_file_is_evaluated_alone(tiny_coco, by_mmdet: bool) -> None:
    ann_file = str(tiny_coco() / 'annotations.json')
    coco = COCO(ann_file)
    metric = CocoMetric(ann_file=ann_file) if by_mmdet else CocoFileMetric(metric=['bbox', 'segm'])
    metric.dataset_meta = dict(
        ann_file=ann_file, classes=tuple(category['name'] for category in coco.cats.values()), cat_ids=list(coco.cats)
    )
    for img_id in (5, 9, 31):
        metric.process({}, [perfect_sample(coco, img_id)])
    metrics = metric.evaluate(3)
    if by_mmdet:  # counts all images of the file
        assert metrics['coco/bbox_mAP_50'] < 0.8
    else:
        assert (metrics['coco/bbox_mAP_50'], metrics['coco/segm_mAP_50']) == (1, 1)


@pytest.mark.parametrize('name', ['{}', 'no. {}'])
def test_any_ids_will_do(tiny_coco, name: str) -> None:
    """Annotation 0 is one like others, and words are ids; mmdet's own takes the first for no match."""

    def change(*keys: str):
        convert = int if name == '{}' else str
        return lambda entries: [
            {
                **entry,
                **{key: convert(name.format(entry[key] - 100 * ('bbox' in entry and key == 'id'))) for key in keys},
            }
            for entry in entries
        ]

    root = tiny_coco(images=change('id'), categories=change('id'), annotations=change('id', 'image_id', 'category_id'))
    ann_file = str(root / 'annotations.json')
    coco = COCO(ann_file)
    metric = CocoFileMetric(metric=['bbox', 'segm'])
    metric.dataset_meta = dict(ann_file=ann_file, classes=tuple(category['name'] for category in coco.cats.values()))
    for img_id in list(coco.imgs)[:2]:
        metric.process({}, [perfect_sample(coco, img_id)])
    metrics = metric.evaluate(2)
    assert (metrics['coco/bbox_mAP_50'], metrics['coco/segm_mAP_50']) == (1, 1)


def test_masks_are_refused_with_the_first_image_where_an_object_has_none(tiny_coco) -> None:
    ann_file = str(tiny_coco(annotations=lambda rows: [dict(rows[0], segmentation=[]), *rows[1:]]) / 'annotations.json')
    coco = COCO(ann_file)
    for metric in (['bbox', 'segm'], ['bbox']):
        evaluated = CocoFileMetric(metric=metric)
        evaluated.dataset_meta = dict(ann_file=ann_file, classes=tuple(c['name'] for c in coco.cats.values()))
        if 'segm' in metric:
            with pytest.raises(
                ValueError, match='1 objects have no segmentation, and mmdet judges masks of all; judge'
            ):
                evaluated.process({}, [perfect_sample(coco, 9)])
        else:
            evaluated.process({}, [perfect_sample(coco, 9)])
            assert evaluated.evaluate(1)['coco/bbox_mAP_50'] == 1
