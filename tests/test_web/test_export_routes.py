"""Exports over HTTP."""

import io
import json
import zipfile
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from pycocotools import mask as mask_utils

pytest.importorskip('starlette', reason='the server needs starlette: extra web')

from mmosis.search.exports import FORMATS
from mmosis.web import export_routes


def make_coco(**changes: Any) -> dict:
    """What was found in an image of 120 x 100 pixels (w x h): an object with RLE and one with a polygon."""
    mask = np.zeros((100, 120), np.uint8, order='F')
    mask[10:30, 20:60] = 1
    rle = mask_utils.encode(mask)
    rle = dict(size=rle['size'], counts=rle['counts'].decode())
    return (
        dict(
            images=[dict(id=1, file_name='sub/a.png', width=120, height=100)],
            categories=[dict(id=1, name='mug'), dict(id=2, name='cup')],
            annotations=[
                dict(id=1, image_id=1, category_id=1, bbox=[20, 10, 40, 20], area=800, segmentation=rle, score=0.9),
                dict(
                    id=2, image_id=1, category_id=2, bbox=[5, 50, 20, 30], segmentation=[[5, 50, 25, 50, 25, 80, 5, 80]]
                ),
                dict(id=3, image_id=1, category_id=2, bbox=[50, 50, 20, 30]),
            ],
        )
        | changes
    )


def export(client: httpx.Client, coco: dict, images: tuple = (), **fields: str) -> httpx.Response:
    files = [('annotations', (None, json.dumps(coco))), *(('images', image) for image in images)]
    return client.post('/export', data=fields, files=files)


def opened(answer: httpx.Response) -> zipfile.ZipFile:
    assert answer.status_code == 200, answer.text
    assert answer.headers['content-type'] == 'application/zip'
    assert int(answer.headers['content-length']) == len(answer.content)
    packed = zipfile.ZipFile(io.BytesIO(answer.content))
    assert packed.testzip() is None
    return packed


@pytest.mark.parametrize('format', FORMATS)
def test_every_format(client: httpx.Client, png: bytes, format: str) -> None:
    answer = export(client, make_coco(), [('sub/a.png', png)], format=format)
    assert answer.headers['content-disposition'] == f'attachment; filename="mmosis-{format}.zip"'
    packed = opened(answer)
    images = [name for name in packed.namelist() if name.endswith('a.png')]
    assert [packed.read(name) for name in images] == ([] if format == 'csv' else [png])
    assert len(packed.namelist()) > len(images)


def test_fields_may_come_as_files(client: httpx.Client) -> None:
    files = dict(annotations=json.dumps(make_coco()).encode(), format=b'csv')
    answer = client.post('export', files=files)
    assert answer.headers['content-disposition'] == 'attachment; filename="mmosis-csv.zip"'
    assert opened(answer).namelist() == ['counts.csv', 'objects.csv']


def test_polygons_are_simplified(client: httpx.Client) -> None:
    packed = opened(export(client, make_coco(), format='coco', polygons='2'))
    (name,) = packed.namelist()
    first, second, third = json.loads(packed.read(name))['annotations']
    assert len(first['segmentation'][0]) == len(second['segmentation'][0]) == 8
    assert third['segmentation'] == []


def test_overlays_and_crops(client: httpx.Client, png: bytes) -> None:
    packed = opened(export(client, make_coco(), [('sub/a.png', png)], format='csv', overlays='true', crops='true'))
    names = packed.namelist()
    assert {name for name in names if name.startswith(('overlays/', 'crops/'))} == {
        'overlays/sub/a.jpg',
        'crops/mug/sub/a.png-1.png',
        'crops/cup/sub/a.png-2.png',
        'crops/cup/sub/a.png-3.png',
    }
    crop = cv2.imdecode(np.frombuffer(packed.read('crops/mug/sub/a.png-1.png'), np.uint8), cv2.IMREAD_UNCHANGED)
    assert crop.shape == (20, 40, 4)
    overlay = cv2.imdecode(np.frombuffer(packed.read('overlays/sub/a.jpg'), np.uint8), 1)
    assert overlay.shape == (480, 576, 3)


def test_images_that_were_not_sent_have_no_overlay(client: httpx.Client, png: bytes) -> None:
    images = [*make_coco()['images'], dict(id=2, file_name='b.png', width=10, height=10)]
    packed = opened(export(client, make_coco(images=images), [('sub/a.png', png)], format='csv', overlays='true'))
    assert [name for name in packed.namelist() if name.startswith('overlays')] == ['overlays/sub/a.jpg']


def test_crops_are_bounded(client: httpx.Client, png: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_routes, 'MAX_CROPS', 10**6)
    whole = dict(image_id=1, category_id=1, bbox=[0, 0, 120, 100])
    coco = make_coco(annotations=[dict(whole, id=number) for number in range(100)])
    answer = export(client, coco, [('sub/a.png', png)], format='csv', crops='true')
    assert answer.status_code == 400
    assert answer.json()['error'] == (
        'the crops would have 1 million pixels, more than 1 million; export fewer images at a time, or without crops'
    )
