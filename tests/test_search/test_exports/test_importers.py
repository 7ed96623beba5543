"""The programs that exports are for open them, each in an environment of its own."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from pycocotools import mask as mask_utils
from test_coco_export import MASKS, SHAPE, found

from mmosis.search import describe_image, to_coco
from mmosis.search.exports import FORMATS, write_export

pytestmark = pytest.mark.slow
NAMES = ['deep/a b.jpg', 'c.png', 'deep/a b.png']
CLASSES = ['mug', 'Öl']

DATUMARO = """
import json, sys
import datumaro
found = {}
for format, name in (('coco', 'coco'), ('polygons', 'coco'), ('voc', 'voc')):
    items = datumaro.Dataset.import_from(f'{sys.argv[1]}/{format}', name)
    labels = items.categories()[datumaro.AnnotationType.label]
    found[format] = {
        item.id: [
            (labels[each.label].name, float(each.get_area()))
            for each in item.annotations
            if (type(each).__name__ == 'Bbox') == (format == 'voc')
        ]
        for item in items
        if item.media.data.shape[:2] == (40, 64)
    }
print(json.dumps(found))
"""
LABEL_STUDIO = """
import json, sys
from label_studio_sdk.converter.imports.coco import convert_coco_to_ls
tasks = sys.argv[1] + '/tasks.json'
convert_coco_to_ls(sys.argv[1] + '/polygons/annotations/instances_default.json', tasks, out_type='predictions')
found = [
    [
        (each['type'], each['value'].get('polygonlabels'), each['value'].get('points'))
        for each in task['predictions'][0]['result']
    ]
    for task in json.load(open(tasks))
]
print(json.dumps(found))
"""
FIFTYONE = """
import json, os, sys
os.environ['FIFTYONE_DO_NOT_TRACK'] = '1'
import fiftyone.utils.coco as coco, fiftyone.utils.voc as voc, fiftyone.utils.yolo as yolo
root = sys.argv[1] + '/'
annotations = 'annotations/instances_default.json'
importers = dict(
    coco=coco.COCODetectionDatasetImporter(
        data_path=root + 'coco/images/default', labels_path=root + 'coco/' + annotations, label_types='segmentations'
    ),
    yolo=yolo.YOLOv5DatasetImporter(dataset_dir=root + 'yolo', yaml_path=root + 'yolo/data.yaml', split='train'),
    voc=voc.VOCDetectionDatasetImporter(data_path=root + 'voc/JPEGImages', labels_path=root + 'voc/Annotations'),
)
found = {}
for format, importer in importers.items():
    with importer:
        found[format] = sorted(
            [each.label, None if each.mask is None else int(each.mask.sum())]
            for _, _, labels in importer
            for each in (labels.detections if labels else [])
        )
print(json.dumps(found))
"""


@pytest.fixture(scope='module')
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for each format, and COCO with polygons; the second image has nothing."""
    root = tmp_path_factory.mktemp('exports')
    masks = [np.stack([MASKS['two'], MASKS['disc']]), None, MASKS['block'][None]]
    content = [found(masks[0], (0.9, 0.8), (1, 0)), found(None), found(masks[2], (0.7,), (1,))]
    coco = to_coco([describe_image(name, SHAPE, each, 0.5) for name, each in zip(NAMES, content, strict=True)], CLASSES)
    for annotation in coco['annotations']:
        annotation['bbox'] = mask_utils.toBbox(annotation['segmentation']).tolist()
    images = {name: root / 'photos' / name for name in NAMES}
    for file in images.values():
        file.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(file), np.zeros((*SHAPE, 3), np.uint8))
    for format in FORMATS:
        write_export(coco, format, root / format, images=images)
    write_export(coco, 'coco', root / 'polygons', polygons=0, images=images)
    return root


def run(script: str, exports: Path, folder: Path, *packages: str) -> object:
    """Run a script in a new environment with some packages; the test is skipped where that cannot be made."""
    uv = shutil.which('uv') or shutil.which('uv', path=Path(sys.executable).parent)
    if uv is None:
        pytest.skip('there is no uv to make an environment')
    python = folder / 'bin/python'
    for command in (
        [uv, 'venv', '--quiet', '--python', sys.executable, folder],
        [uv, 'pip', 'install', '--quiet', '--python', python, *packages],
    ):
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode:
            pytest.skip(f'{", ".join(packages)} cannot be installed: {made.stderr.strip()[-200:]}')
    ran = subprocess.run([python, '-c', script, exports], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    return json.loads(ran.stdout.splitlines()[-1])


def test_datumaro(exports: Path, tmp_path: Path) -> None:
    read = run(DATUMARO, exports, tmp_path / 'venv', 'datumaro')
    areas = dict(two=216, disc=697, block=450)
    for format in ('coco', 'polygons'):
        first, second, third = sorted(read[format])
        assert (first, second, third[:9]) == ('c', 'deep/a b', 'deep/a b~')
        assert read[format]['c'] == []
        assert {name for name, _ in read[format]['deep/a b']} == {'mug', 'Öl'}
        total = sum(area for _, area in read[format]['deep/a b'])
        assert total == pytest.approx(areas['two'] + areas['disc'], rel=0.03)
        assert read[format][third] == [['Öl', pytest.approx(areas['block'], rel=0.03)]]
    assert sorted(name for name, _ in read['voc']['deep/a b']) == ['mug', 'Öl']


def test_label_studio(exports: Path, tmp_path: Path) -> None:
    first, second, third = run(LABEL_STUDIO, exports, tmp_path / 'venv', 'label-studio-sdk')
    assert second == []
    polygons = [(labels, points) for region_type, labels, points in first if region_type == 'polygonlabels']
    assert [labels for labels, _ in polygons] == [['Öl'], ['Öl'], ['mug']]
    assert polygons[1][1] == [[3.125, 5], [3.125, 15], [9.375, 15], [9.375, 5]]  # per cent
    assert len(third) == 2  # the box too


def test_fiftyone(exports: Path, tmp_path: Path) -> None:
    """Its importers, which need no database."""
    read = run(FIFTYONE, exports, tmp_path / 'venv', 'fiftyone', 'pycocotools')
    assert read['coco'] == [['mug', 697], ['Öl', 216], ['Öl', 450]]
    assert read['yolo'] == read['voc'] == [['mug', None], ['Öl', None], ['Öl', None]]
