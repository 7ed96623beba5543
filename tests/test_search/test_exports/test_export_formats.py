"""Exports open in the programs they are for, and hold what was found."""

import csv
import json
import os
import re
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
import supervision as sv
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO
from test_coco_export import MASKS, SHAPE, found

from mmosis.search import describe_image, to_coco
from mmosis.search.exports import FORMATS, write_export
from mmosis.utils.masks import encode_segmentation

CLASSES = ['mug', 'Öl "x"']
NAMES = ['deep/a b.jpg', 'c.png', 'deep/a b.png', 'a b.jpg']


@pytest.fixture
def coco() -> dict:
    """Four images: one of two objects, one of several parts; one with nothing; names that differ little."""
    two, disc, block, pixel = (MASKS[name] for name in ('two', 'disc', 'block', 'pixel'))
    content = [
        (np.stack([two, disc]), (0.9, 0.8), (1, 0)),
        (None,),
        (block[None], (0.7,), (1,)),
        (pixel[None], (1,), (0,)),
    ]
    records = [describe_image(name, SHAPE, found(*what), 0.5) for name, what in zip(NAMES, content, strict=True)]
    coco = to_coco(records, CLASSES)
    for annotation in coco['annotations']:
        annotation['bbox'] = mask_utils.toBbox(annotation['segmentation']).tolist()
    return coco


@pytest.fixture
def images(tmp_path: Path) -> dict[str, Path]:
    files = {}
    for number, name in enumerate(NAMES):
        files[name] = tmp_path / 'photos' / name
        files[name].parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(files[name]), np.full((*SHAPE, 3), 50 * number, np.uint8))
    return files


def objects(detections: sv.Detections, names: list[str]) -> list[tuple]:
    """Category, box and area of each object, in an order."""
    areas = detections.area if detections.mask is not None else [None] * len(detections)
    boxes = np.round(detections.xyxy).astype(int).tolist()
    return sorted(zip([names[label] for label in detections.class_id], boxes, areas, strict=True))


@pytest.mark.parametrize('format', FORMATS)
def test_files_are_below_the_folder(format: str, coco: dict, images: dict, tmp_path: Path) -> None:
    before = json.dumps(coco)
    files = write_export(coco, format, tmp_path / 'out', images=images)
    assert json.dumps(coco) == before
    assert len(set(files)) == len(files)
    assert {file for file in (tmp_path / 'out').rglob('*') if not file.is_dir()} == set(files)
    links = [name for file in files for name, image in images.items() if file.samefile(image)]
    assert sorted(links) == ([] if format == 'csv' else sorted(images))


def test_images_of_another_file_system(
    coco: dict, images: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: str) -> None:
        raise OSError

    monkeypatch.setattr(os, 'link', refuse)
    links = write_export(coco, 'coco', tmp_path / 'out', images=images)[1:]
    assert [link.readlink() for link in links] == list(images.values())


def test_coco_keeps_what_it_has(coco: dict, images: dict, tmp_path: Path) -> None:
    file, *links = write_export(coco, 'coco', tmp_path, images=images)
    written = json.loads(file.read_text())
    assert (written['annotations'], written['categories']) == (coco['annotations'], coco['categories'])
    assert COCO(str(file)).annToMask(coco['annotations'][0]).sum() == MASKS['two'].sum()
    names = [link.relative_to(tmp_path / 'images/default').as_posix() for link in links]
    assert names == [image['file_name'] for image in written['images']]
    assert (names[0], names[1], names[3]) == (NAMES[0], NAMES[1], NAMES[3])
    assert re.fullmatch('deep/a b~[0-9a-f]{12}.png', names[2])  # datumaro takes names without suffix


@pytest.mark.parametrize('tolerance', [0, 1.5])
def test_coco_with_polygons(tolerance: float, coco: dict, tmp_path: Path) -> None:
    (file,) = write_export(coco, 'coco', tmp_path, polygons=tolerance)
    written = COCO(str(file))
    for annotation, before in zip(written.anns.values(), coco['annotations'], strict=True):
        assert isinstance(annotation['segmentation'], list)
        assert {**annotation, 'segmentation': None} == {**before, 'segmentation': None}
        mask, expected = written.annToMask(annotation), mask_utils.decode(before['segmentation'])
        assert (mask & expected).sum() / (mask | expected).sum() > 0.94


class TestYolo:
    def test_supervision_reads_it(self, coco: dict, images: dict, tmp_path: Path) -> None:
        write_export(coco, 'yolo', tmp_path / 'out', images=images)
        for folder, names in (('', ['c.png', 'a b.jpg']), ('deep', ['a b.jpg'])):
            dataset = sv.DetectionDataset.from_yolo(
                str(tmp_path / 'out/images' / folder),
                str(tmp_path / 'out/labels' / folder),
                str(tmp_path / 'out/data.yaml'),
            )
            assert dataset.classes == CLASSES
            for name in names:
                detections = dataset.annotations[str(tmp_path / 'out/images' / folder / name)]
                entry = next(image for image in coco['images'] if image['file_name'] == str(Path(folder, name)))
                expected = [each for each in coco['annotations'] if each['image_id'] == entry['id']]
                assert len(detections) == len(expected)
                for mask, annotation in zip(detections.mask if expected else [], expected, strict=True):
                    true = mask_utils.decode(annotation['segmentation']).astype(bool)
                    assert (mask & true).sum() == true.sum()
                    assert (mask & ~true).sum() < 0.2 * true.sum() + 40  # it fills the border, and the seam of 40

    def test_parts_are_joined_without_area(self, coco: dict, tmp_path: Path) -> None:
        write_export(coco, 'yolo', tmp_path)
        line, _ = (tmp_path / 'labels/deep/a b.txt').read_text().splitlines()
        label, *values = line.split()
        polygon = np.reshape([float(value) for value in values], (-1, 2)) * SHAPE[::-1]
        assert label == '1'
        assert len(polygon) == 4 + 4 + 2
        decoded = mask_utils.decode(encode_segmentation([polygon.ravel().tolist()], SHAPE))
        np.testing.assert_array_equal(decoded, MASKS['two'])

    def test_an_image_without_objects_has_an_empty_file(self, coco: dict, tmp_path: Path) -> None:
        write_export(coco, 'yolo', tmp_path)
        assert (tmp_path / 'labels/c.txt').read_text() == ''

    def test_alike_names_have_files_of_their_own(self, coco: dict, images: dict, tmp_path: Path) -> None:
        write_export(coco, 'yolo', tmp_path / 'out', images=images)
        links = list((tmp_path / 'out/images').rglob('*.*'))
        assert len(links) == len(NAMES)
        for link in links:
            assert Path(str(link).replace('/images/', '/labels/')).with_suffix('.txt').is_file()

    def test_without_masks_there_are_corners(self, coco: dict, tmp_path: Path) -> None:
        coco['annotations'] = [dict(id=1, image_id=2, category_id=1, bbox=[16, 10, 32, 20])]
        write_export(coco, 'yolo', tmp_path)
        assert (tmp_path / 'labels/c.txt').read_text() == '0 0.25 0.25 0.75 0.25 0.75 0.75 0.25 0.75\n'


class TestLabelme:
    def test_known_answer(self, coco: dict, tmp_path: Path) -> None:
        write_export(coco, 'labelme', tmp_path)
        content = json.loads((tmp_path / 'deep/a b.json').read_text())
        assert [(shape['label'], shape['group_id'], shape['score']) for shape in content['shapes']] == [
            (CLASSES[1], 1, 0.9),
            (CLASSES[1], 1, 0.9),
            ('mug', None, 0.8),
        ]
        assert content['shapes'][1]['points'] == [[2, 2], [2, 6], [6, 6], [6, 2]]
        assert (content['imagePath'], content['imageHeight'], content['imageWidth']) == ('a b.jpg', *SHAPE)

    def test_supervision_reads_it(self, coco: dict, images: dict, tmp_path: Path) -> None:
        write_export(coco, 'labelme', tmp_path / 'out', images=images)
        dataset = sv.DetectionDataset.from_labelme(str(tmp_path / 'out'), str(tmp_path / 'out'))
        detections = dataset.annotations[str(tmp_path / 'out/a b.jpg')]
        assert objects(detections, dataset.classes)[0][:2] == ('mug', [50, 30, 51, 31])

    def test_without_masks_there_is_a_rectangle(self, coco: dict, tmp_path: Path) -> None:
        coco['annotations'] = [dict(id=1, image_id=2, category_id=1, bbox=[16, 10, 32, 20], score=0.4)]
        write_export(coco, 'labelme', tmp_path)
        (shape,) = json.loads((tmp_path / 'c.json').read_text())['shapes']
        assert (shape['shape_type'], shape['points']) == ('rectangle', [[16, 10], [48, 30]])


class TestVoc:
    def test_supervision_reads_it(self, coco: dict, images: dict, tmp_path: Path) -> None:
        write_export(coco, 'voc', tmp_path / 'out', images=images)
        dataset = sv.DetectionDataset.from_pascal_voc(
            str(tmp_path / 'out/JPEGImages/deep'), str(tmp_path / 'out/Annotations/deep')
        )
        (detections,) = (found for name, found in dataset.annotations.items() if name.endswith('/a b.jpg'))
        boxes = [(name, box) for name, box, _ in objects(detections, dataset.classes)]
        assert boxes == [('mug', [16, 6, 45, 35]), (CLASSES[1], [2, 2, 60, 30])]

    def test_names_that_xml_cannot_hold(self, coco: dict, tmp_path: Path) -> None:
        coco['categories'][0]['name'] = 'a\0<&\x07'
        write_export(coco, 'voc', tmp_path)
        assert ElementTree.parse(tmp_path / 'Annotations/a b.xml').findtext('object/name') == 'a\ufffd<&\ufffd'
        assert (tmp_path / 'ImageSets/Main/default.txt').read_text().splitlines()[1] == 'c'


def test_tables(coco: dict, tmp_path: Path) -> None:
    write_export(coco, 'csv', tmp_path)
    with (tmp_path / 'objects.csv').open(newline='') as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(coco['annotations'])
    assert rows[0] == dict(
        file='deep/a b.jpg', category=CLASSES[1], score='0.9', x='2.0', y='2.0', w='58.0', h='28.0', area='216.0'
    )
    with (tmp_path / 'counts.csv').open(newline='') as file:
        counts = {(row['file'], row['category']): int(row['count']) for row in csv.DictReader(file)}
    assert len(counts) == len(NAMES) * len(CLASSES)
    assert (counts['deep/a b.jpg', 'mug'], counts['c.png', 'mug'], counts['a b.jpg', 'mug']) == (1, 0, 1)


def test_an_unknown_format(coco: dict, tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match="must be one of coco, yolo, labelme, voc, csv, got 'yolov8'; did you mean yolo"
    ):
        write_export(coco, 'yolov8', tmp_path)


def test_names_that_are_no_utf_8(coco: dict, tmp_path: Path) -> None:
    coco['images'][0]['file_name'] = 'b\udcff.jpg'
    for format in FORMATS:
        write_export(coco, format, tmp_path / format)
    assert b'b\\xff.jpg,mug,1' in (tmp_path / 'csv/counts.csv').read_bytes()


class TestContent:
    @pytest.mark.parametrize(
        ('change', 'message'),
        [
            (lambda coco: coco['images'][0].update(file_name='../a.jpg'), 'must be a path below the folder of all'),
            (lambda coco: coco['images'][0].update(file_name='/a.jpg'), 'must be a path below the folder of all'),
            (lambda coco: coco['images'][0].update(file_name='c.png'), "file_name of its own, got 'c.png' more than"),
            (lambda coco: coco['images'][0].update(id=2), 'each image must have a id of its own, got 2 more than once'),
            (lambda coco: coco['images'][0].update(width=65535, height=65535), 'has more than 268435456 pixels'),
            (lambda coco: coco['annotations'][0].update(image_id=9), 'annotation 1 is of an image or a category that'),
            (lambda coco: coco['annotations'][0].update(category_id=9), 'annotation 1 is of an image or a category'),
            (lambda coco: coco['annotations'][0].update(score=2), 'annotation 1 must have a score, a number in 0-1'),
            (lambda coco: coco['annotations'][0].update(bbox=[1, 2]), r'must have a bbox \[x, y, width, height\]'),
            (lambda coco: coco['annotations'][0]['segmentation'].update(size=[1, 2]), 'RLE must have the size of its'),
            (lambda coco: coco.pop('categories'), 'this is not a COCO-format file with content: "categories"'),
        ],
    )
    def test_what_is_refused(self, change: object, message: str, coco: dict, tmp_path: Path) -> None:
        change(coco)
        with pytest.raises(ValueError, match=message):
            write_export(coco, 'yolo', tmp_path / 'out')
        assert not (tmp_path / 'out').exists()

    def test_forms_of_others(self, coco: dict, tmp_path: Path) -> None:
        flat = [2, 2, 6, 2, 6, 6, 2, 6]
        runs = mask_utils.decode(coco['annotations'][2]['segmentation'])
        counts = np.diff(np.flatnonzero(np.diff(runs.T.ravel(), prepend=2, append=2))).tolist()
        coco['annotations'][0].update(segmentation=flat, area=None)
        coco['annotations'][1].update(segmentation=[[flat[:2], flat[2:4], flat[4:6]]], score=None)
        coco['annotations'][2].update(segmentation=dict(size=list(SHAPE), counts=counts))
        file, *_ = write_export(coco, 'coco', tmp_path)
        first, second, third, _ = json.loads(file.read_text())['annotations']
        assert (first['segmentation'], first['area']) == ([flat], 16)
        assert (second['segmentation'], second['score']) == ([flat[:6]], 1)
        np.testing.assert_array_equal(mask_utils.decode(third['segmentation']), MASKS['block'])
