"""Requests that are wrong are answered with 4xx and a sentence that says what is wrong."""

import json
import struct
import zlib
from collections.abc import Callable
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

pytest.importorskip('starlette', reason='the server needs starlette: extra web')

from mmosis.web.form import MAX_FILES

MB = 2**20


def _bomb() -> bytes:
    """A PNG whose header says that it has 10,000 million pixels."""
    header = b'IHDR' + struct.pack('>IIBBBBB', 100_000, 100_000, 8, 2, 0, 0, 0)
    chunk = struct.pack('>I', 13) + header + struct.pack('>I', zlib.crc32(header))
    return b'\x89PNG\r\n\x1a\n' + chunk + struct.pack('>I', 0) + b'IDAT' + struct.pack('>I', zlib.crc32(b'IDAT'))


def _frames() -> bytes:
    """A TIFF of two images."""
    frame = np.zeros((30, 40, 3), np.uint8)
    return cv2.imencodemulti('.tiff', [frame, frame])[1].tobytes()


ON_IMAGE = [dict(box=[1, 2, 40, 50])]
MASK = dict(size=[100, 120], counts='nonsense')
# References, what is sent besides them and the image, and a part of the sentence that comes back.
SEARCHES: list[tuple[Any, dict[str, Any], str]] = [
    (None, dict(), 'by one of bank, bank_name and references, got none'),
    (ON_IMAGE, dict(bank_name='mugs'), 'got bank_name and references'),
    (ON_IMAGE, dict(threshold='0.5'), "there is no field 'threshold'; there are image"),
    (ON_IMAGE, dict(other=b'x'), "there is no field 'other'"),
    (None, dict(bank_name='mugs'), "there is no bank 'mugs'; there is none yet"),
    (None, dict(bank_name='../../etc/passwd'), 'there is no bank'),
    (None, dict(bank='mugs'), 'bank must be a file of the form, got text'),
    (None, dict(bank=b'mugs'), 'is no reference bank of mmosis'),
    (ON_IMAGE, dict(score_thr='x'), "the score threshold must be a number in 0-1, got 'x'"),
    (ON_IMAGE, dict(score_thr='50'), 'must be in 0-1, got 50.0; 50 % is 0.5'),
    (ON_IMAGE, dict(score_thr='nan'), 'the score threshold must be in 0-1, got nan'),
    (ON_IMAGE, dict(tile='64.5'), "tile must be a whole number of pixels, got '64.5'"),
    (ON_IMAGE, dict(image_scale='8'), 'image_scale must be at least 32 pixels, got 8'),
    (ON_IMAGE, dict(overlap='x'), 'overlap must be a fraction of a tile, from 0 to below 1'),
    (ON_IMAGE, dict(keep_all='maybe'), "keep_all is true or false, got 'maybe'"),
    (ON_IMAGE, dict(polygons='x'), "polygons is a tolerance in pixels, true or false, got 'x'"),
    (ON_IMAGE, dict(polygons='-1'), 'must be 0 pixels or more, got -1'),
    ('[{', dict(), 'references must be JSON: '),
    ('[' * 100_000, dict(), 'references must be JSON: '),
    ({}, dict(), 'references must be a list of objects, e.g. [{"image":'),
    ([1], dict(), 'references must be a list of objects'),
    ([], dict(), 'there is no reference: give at least one image of what to search for'),
    (101 * ON_IMAGE, dict(), 'there are 101 references, and a request may have 100'),
    ([dict(bbox=[1, 2, 3, 4])], dict(), 'a reference has the keys image, box, mask, name, negative; got bbox'),
    ([dict(box=[1, 2, 40, 50], negative=True)], dict(), 'all references are negative'),
    ([dict(box=[1, 2, 40, 50], negative='no')], dict(), "negative must be True or False, got 'no'"),
    ([dict(box=[1, 2, 40, 50], name=' ')], dict(), "a reference's name must be a word or more"),
    ([dict(box=[1, 2, 40, 50], name=5)], dict(), "a reference's name must be a word or more"),
    ([dict(box=[1, 2, 40, 50], name='x' * 5001)], dict(), 'name has at most 5000 letters, got 5001'),
    ([dict(name='mug')], dict(), 'a reference on the searched image needs a box or a mask'),
    ([dict(box=[1, 2, 3])], dict(), 'a box must be x1, y1, x2, y2 in pixels'),
    ([dict(box=['a', 2, 3, 4])], dict(), 'a box must be x1, y1, x2, y2 in pixels'),
    ([dict(box=[40, 2, 1, 50])], dict(), 'a box must be x1, y1, x2, y2 in pixels with x1 < x2'),
    ([dict(box=[500, 500, 600, 600])], dict(), 'inside the 100x120 (h x w) image'),
    ('[{"box": [NaN, 2, 30, 40]}]', dict(), 'a box must be x1, y1, x2, y2'),
    ('[{"box": [1e999, 2, 30, 40]}]', dict(), 'a box must be x1, y1, x2, y2'),
    ([dict(mask='x')], dict(), 'a mask must be an array (H, W), COCO polygons or RLE, got str'),
    ([dict(mask=MASK)], dict(), 'RLE must have runs of 12000 pixels'),
    ([dict(mask=dict(MASK, size=[9, 9]))], dict(), 'RLE must have the size of its image'),
    ([dict(mask=[])], dict(), 'an object must have a mask'),
    ([dict(image=5)], dict(), 'image of a reference must name a file of the form, got 5'),
    ([dict(image='r')], dict(), 'r must be a file of the form, got none'),
    ([dict(image='http://127.0.0.1/a.png')], dict(), 'must be a file of the form, got none'),
    ([dict(image='/etc/passwd')], dict(), '/etc/passwd must be a file of the form, got none'),
    ([dict(image='score_thr')], dict(score_thr='0.5'), 'score_thr must be a file of the form, got text'),
    ([dict(image='r')], dict(r=('a.png', b'nothing')), 'a.png is not a readable image'),
]  # fmt: skip


@pytest.mark.parametrize(('references', 'sent', 'sentence'), SEARCHES)
def test_searches(client: httpx.Client, png: bytes, references: Any, sent: dict, sentence: str) -> None:
    fields = {key: value for key, value in sent.items() if isinstance(value, str)}
    if references is not None:
        fields['references'] = references if isinstance(references, str) else json.dumps(references)
    files = {key: value for key, value in sent.items() if key not in fields}
    answer = client.post('/search', data=fields, files=dict(files, image=('a.png', png)))
    assert answer.headers['content-type'] == 'application/json'
    assert answer.status_code == (404 if sentence.startswith('there is no bank') else 400)
    assert list(answer.json()) == ['error']
    assert sentence in answer.json()['error']


@pytest.mark.parametrize(
    ('image', 'status', 'sentence'),
    [
        (('a.png', b''), 400, 'a.png is not a readable image: 0 bytes'),
        (('a.svg', b'<svg xmlns="http://www.w3.org/2000/svg"/>'), 400, 'a.svg is not a readable image'),
        (('bomb.png', _bomb()), 400, 'bomb.png has 100000x100000 pixels (w x h), more than 1000000'),
        (('a.tiff', _frames()), 400, 'a.tiff has 2 frames'),
        (('a.png', cv2.imencode('.png', np.zeros((2, 90), np.uint8))[1].tobytes()), 400, 'at least 4 a side'),
        (('a.png', bytes(MB + 1)), 413, 'a.png has 1.0 MB; a file may have 1 MB'),
        ((None, 'text'), 400, 'image must be a file of the form, got text'),
    ],
    ids=['empty', 'drawing', 'bomb', 'frames', 'narrow', 'large', 'text'],
)
def test_images(client: httpx.Client, image: tuple, status: int, sentence: str) -> None:
    answer = client.post('/search', data=dict(references=json.dumps(ON_IMAGE)), files=dict(image=image))
    assert (answer.status_code, sentence in answer.json()['error']) == (status, True), answer.text


def test_cut_off_images(client: httpx.Client, png: bytes) -> None:
    answer = client.post('/search', data=dict(references=json.dumps(ON_IMAGE)), files=dict(image=png[: len(png) // 2]))
    assert answer.status_code in (200, 400)  # OpenCV reads what there is of a PNG


@pytest.mark.parametrize(
    ('send', 'status', 'sentence'),
    [
        (dict(), 415, "a form is sent as multipart/form-data, got 'nothing'"),
        (dict(json={}), 415, "a form is sent as multipart/form-data, got 'application/json'"),
        (dict(data=dict(a='b')), 415, "got 'application/x-www-form-urlencoded'"),
        (dict(content=b'x', headers={'Content-Type': 'multipart/form-data'}), 400, 'boundary'),
        (dict(content=b'x', headers={'Content-Type': 'multipart/form-data; boundary=y'}), 400, ''),
        (dict(files=[('image', b'x')] * (MAX_FILES + 1)), 400, 'Too many files'),
        (dict(files=[('a', (None, 'b'))] * 60), 400, 'Too many fields'),
        (dict(content=bytes(15 * MB + 1)), 413, 'a request may send 15 MB; send fewer images at a time'),
    ],
    ids=['nothing', 'json', 'urlencoded', 'no boundary', 'no part', 'files', 'fields', 'large'],
)
@pytest.mark.parametrize('path', ['/search', '/bank', '/export'])
def test_forms(client: httpx.Client, path: str, send: dict, status: int, sentence: str) -> None:
    answer = client.post(path, **send)
    assert answer.status_code == status, answer.text
    assert sentence in answer.json()['error']


@pytest.mark.parametrize(
    ('ask', 'status', 'sentence'),
    [
        (lambda c: c.get('/nothing'), 404, 'there is nothing here; GET /openapi.json lists what there is'),
        (lambda c: c.post('/search', files=[('image', b'x'), ('image', b'x')]), 400, 'image is given twice'),
        (lambda c: c.get('/search'), 405, 'this address takes other methods'),
        (lambda c: c.request('OPTIONS', '/search'), 405, 'this address takes other methods'),
        (
            lambda c: c.post('/bank', files=dict(references=(None, '[{}]'))),
            400,
            'image of a reference must name a file of the form; there is no searched image here',
        ),
        (lambda c: c.post('/bank/describe'), 400, 'the bank is no reference bank of mmosis'),
        (lambda c: c.post('/bank/describe', content=bytes(MB + 1)), 413, 'the bank has 1.0 MB; a file may have 1 MB'),
        (lambda c: c.put('/banks/mugs', content=b'x'), 400, 'mugs is no reference bank of mmosis'),
        (lambda c: c.get('/banks/mugs'), 404, "there is no bank 'mugs'"),
        (lambda c: c.delete('/banks/mugs'), 404, "there is no bank 'mugs'"),
        (lambda c: c.get('/banks/..%2Fsecret'), 404, 'there is nothing here'),
    ],
)
def test_addresses(client: httpx.Client, ask: Callable, status: int, sentence: str) -> None:
    answer = ask(client)
    assert (answer.status_code, sentence in answer.json()['error']) == (status, True), answer.text


IMAGE = dict(id=1, file_name='a.png', width=120, height=100)
COCO = dict(images=[IMAGE], categories=[dict(id=1, name='mug')], annotations=[])

LOST = dict(id=5, image_id=1, category_id=2, bbox=[1, 1, 5, 5])


@pytest.mark.parametrize(
    ('fields', 'status', 'sentence'),
    [
        (dict(annotations=''), 400, 'annotations must be JSON'),
        (dict(annotations='5'), 400, 'this is not a COCO-format file with content'),
        (dict(annotations=dict(COCO, images=[dict(IMAGE, file_name='../a.png')])), 400, 'path below the folder of all'),
        (dict(annotations=dict(COCO, images=[dict(IMAGE, width=20_000)])), 400, 'a.png has 20000x100 pixels'),
        (dict(annotations=dict(COCO, annotations=[LOST])), 400, 'annotation 5 is of an image or a category'),
        (dict(format='yoll'), 400, "the format must be one of coco, yolo, labelme, voc, csv, got 'yoll'; did you mean"),
        (dict(overlays='true'), 400, 'overlays and crops need the images'),
        (dict(crops='x'), 400, "crops is true or false, got 'x'"),
        (dict(polygons='x'), 400, 'polygons is a tolerance in pixels'),
        (dict(images=('b.png', b'x')), 400, 'b.png is the file_name of no image in annotations'),
        (dict(images=('a.png', b'x'), crops='true'), 400, 'a.png is not a readable image'),
        (dict(images=('a.png', bytes(MB + 1))), 413, 'a.png has 1.0 MB; a file may have 1 MB'),
    ],
)  # fmt: skip
def test_exports(client: httpx.Client, fields: dict, status: int, sentence: str) -> None:
    sent = dict(annotations=COCO, format='csv') | fields
    texts = {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in sent.items() if key != 'images'
    }
    files = {key: (None, value) for key, value in texts.items()} | {
        key: fields[key] for key in ('images',) if key in fields
    }
    answer = client.post('/export', files=files)
    assert answer.status_code == status, answer.text
    assert sentence in answer.json()['error']


def test_image_of_another_size(client: httpx.Client, png: bytes) -> None:
    coco = dict(COCO, images=[dict(IMAGE, width=50)])
    files = dict(annotations=(None, json.dumps(coco)), format=(None, 'csv'), crops=(None, '1'), images=('a.png', png))
    answer = client.post('/export', files=files)
    assert answer.json() == dict(error='a.png has 120x100 pixels (w x h), and annotations says 50x100')


@pytest.mark.parametrize(
    'error', [ValueError('x'), TypeError('x'), KeyError('x'), MemoryError(), RuntimeError('out of memory')]
)
def test_faults_of_the_server_are_no_fault_of_the_client(
    client: httpx.Client, png: bytes, shared_inferencer: Any, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(shared_inferencer, 'encode', fail)
    answer = client.post('/bank', data=dict(references='[{"image": "r"}]'), files=dict(r=png))
    expected = {ValueError: 400, MemoryError: 413, RuntimeError: 413}.get(type(error), 500)
    assert answer.status_code == expected
    assert 'Traceback' not in answer.text
    assert client.get('/health').json()['status'] == 'UP'
