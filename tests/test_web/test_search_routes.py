"""Searches over HTTP: what comes back, progress, a client that goes, several at a time."""

import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import cv2
import httpx
import numpy as np
import pytest
from fake_inferencer import FakeInferencer
from pycocotools import mask as mask_utils
from web_server import served

pytest.importorskip('starlette', reason='the server needs starlette: extra web')

from mmosis.search.service import SearchService
from mmosis.web import make_app

LINES = {'Accept': 'application/x-ndjson'}
ON_IMAGE = json.dumps([dict(image=None, box=[1, 2, 40, 50], name='mug')])


def test_references_on_the_image_and_in_files(
    client: httpx.Client, shared_inferencer: FakeInferencer, png: bytes
) -> None:
    entries = [
        dict(image=None, box=[1, 2, 40, 50], name='mug'),
        dict(image='other', mask=[[10, 10, 60, 10, 60, 60]], name='cup'),
        dict(image='other', box=[5, 5, 50, 50], name='cup', negative=True),
    ]
    answer = client.post(
        '/search', data=dict(references=json.dumps(entries)), files=dict(image=('a.png', png), other=('b.png', png))
    )
    assert answer.status_code == 200
    result = answer.json()
    assert result | dict(seconds=0, objects=0) == dict(
        width=120, height=100, classes=['mug', 'cup'], seconds=0, searched='at 640 pixels', best_score=0.9, objects=0
    )
    first, second = result['objects']  # the third has a score of 0.3
    assert first | dict(segmentation=0) == dict(
        label=0, category='mug', score=0.9, bbox=[0, 0, 20, 20], area=400, segmentation=0
    )
    assert second['category'] == 'cup'
    assert mask_utils.decode(first['segmentation'])[:20, :20].all()
    assert [each.origin for each in shared_inferencer.encoded[-3:]] == [
        'the searched image at 1, 2, 40, 50',
        'b.png with mask',
        'b.png at 5, 5, 50, 50',
    ]


def test_cutouts_keep_their_alpha(client: httpx.Client, shared_inferencer: FakeInferencer, png: bytes) -> None:
    cutout = np.full((50, 60, 4), 255, np.uint8)
    cutout[:20, :, 3] = 0
    files = dict(image=png, cutout=cv2.imencode('.png', cutout)[1].tobytes())
    entries = json.dumps([dict(image='cutout')])
    assert client.post('/search', data=dict(references=entries), files=files).json()['classes'] == ['object']
    assert shared_inferencer.encoded[-1].img.shape == (50, 60, 4)


def test_a_bank_is_sent_or_named(client: httpx.Client, png: bytes) -> None:
    data = dict(references=json.dumps([dict(image='r', name='mug')]))
    bank = client.post('/bank', data=data, files=dict(r=png)).content
    sent = client.post('/search', files=dict(image=png, bank=bank)).json()
    assert client.put('/banks/mugs', content=bank).status_code == 200
    named = client.post('/search', data=dict(bank_name='mugs'), files=dict(image=png)).json()
    assert sent | dict(seconds=0) == named | dict(seconds=0)
    assert sent['classes'] == ['mug']


@pytest.mark.parametrize(
    ('polygons', 'form'),
    [('', dict), ('false', dict), ('true', list), ('TRUE', list), ('0', list), ('1.5', list)],
)
def test_options_are_those_of_the_form(
    client: httpx.Client, shared_inferencer: FakeInferencer, png: bytes, polygons: str, form: type
) -> None:
    data = dict(references=ON_IMAGE, score_thr='0.2', polygons=polygons, keep_all='1', tile='64', overlap='0.5')
    result = client.post('/search', data=dict(data, image_scale='96', add_boxed='false'), files=dict(image=png)).json()
    assert len(result['objects']) == 3
    assert isinstance(result['objects'][0]['segmentation'], form)
    options = shared_inferencer.searches[-1]['options']
    assert (options.keep_all, options.tile, options.overlap, options.image_scale) == (True, 64, 0.5, 96)
    assert not options.add_boxed
    client.post('/search', data=dict(references=ON_IMAGE), files=dict(image=png))
    options = shared_inferencer.searches[-1]['options']
    assert (options.keep_all, options.tile, options.add_boxed) == (False, None, True)


def test_progress_comes_in_lines(fake_inferencer: FakeInferencer, png: bytes) -> None:
    fake_inferencer.views = 3
    with served(make_app(SearchService(fake_inferencer))) as address:
        url = f'{address}search'
        answer = httpx.post(url, data=dict(references=ON_IMAGE), files=dict(image=png), headers=LINES)
    assert answer.headers['content-type'].startswith('application/x-ndjson')
    *steps, result = map(json.loads, answer.text.splitlines())
    assert steps == [dict(done=done, of=3) for done in (1, 2, 3)]
    assert len(result['objects']) == 2


def test_an_error_in_the_middle_is_the_last_line(fake_inferencer: FakeInferencer, png: bytes) -> None:
    def fail(*_: object):
        yield 1, 2
        raise ValueError('the image is gone')

    fake_inferencer.search_batch = fail
    with served(make_app(SearchService(fake_inferencer))) as address:
        send = dict(data=dict(references=ON_IMAGE), files=dict(image=png))
        lines = httpx.post(f'{address}search', headers=LINES, **send).text.splitlines()
        assert [json.loads(line) for line in lines] == [dict(done=1, of=2), dict(error='the image is gone')]
        answer = httpx.post(f'{address}search', **send)
        assert (answer.status_code, answer.json()) == (400, dict(error='the image is gone'))


@pytest.mark.parametrize('headers', [LINES, {}], ids=['lines', 'plain'])
def test_a_client_that_goes_stops_the_search(fake_inferencer: FakeInferencer, png: bytes, headers: dict) -> None:
    fake_inferencer.views = 10**6
    service = SearchService(fake_inferencer, max_waiting=0)
    with served(make_app(service)) as address:
        request = httpx.Request(
            'POST', f'{address}search', data=dict(references=ON_IMAGE), files=dict(image=png), headers=headers
        )
        with socket.create_connection(('127.0.0.1', urlsplit(address).port)) as connection:
            head = ''.join(f'{key}: {value}\r\n' for key, value in request.headers.items())
            connection.sendall(f'POST /search HTTP/1.1\r\n{head}\r\n'.encode() + request.read())
            _wait_for(lambda: fake_inferencer.searches)
        _wait_for(lambda: fake_inferencer.closed == 1)
        fake_inferencer.views = 1
        again = httpx.post(f'{address}search', data=dict(references=ON_IMAGE), files=dict(image=png))
        assert again.status_code == 200


def test_answers_are_not_mixed_up(client: httpx.Client, shared_inferencer: FakeInferencer) -> None:
    """Eight clients, each with images of sizes of its own and a category of its own."""
    shared_inferencer.views = 4

    def search(number: int) -> list[tuple]:
        found = []
        with httpx.Client(base_url=client.base_url, timeout=60) as own:
            for turn in range(3):
                image = np.full((100 + number, 200 + turn, 3), number, np.uint8)
                data = dict(references=json.dumps([dict(image=None, box=[1, 1, 50, 50], name=f'mug {number}')]))
                files = dict(image=cv2.imencode('.png', image)[1].tobytes())
                result = own.post('/search', data=data, files=files).json()
                found.append((result['height'], result['width'], result['objects'][0]['category']))
        return found

    with ThreadPoolExecutor(8) as pool:
        for number, found in enumerate(pool.map(search, range(8))):
            assert found == [(100 + number, 200 + turn, f'mug {number}') for turn in range(3)]
    shared_inferencer.views = 1


def test_too_many_requests_are_refused(fake_inferencer: FakeInferencer, png: bytes) -> None:
    fake_inferencer.views = 2
    service = SearchService(fake_inferencer, max_waiting=1)
    image = np.zeros((80, 90, 3), np.uint8)
    running = [service.search(image, fake_inferencer.encode([image]), fake_inferencer.options) for _ in range(2)]
    for steps in running:
        next(steps)
    with served(make_app(service)) as address:
        data, files = dict(references=json.dumps([dict(image='r')])), dict(r=png)
        refused = [
            httpx.post(f'{address}bank', data=data, files=files),
            httpx.post(f'{address}search', data=data, files=dict(files, image=png)),
        ]
        for answer in refused:
            assert (answer.status_code, answer.headers['retry-after']) == (503, '2')
            assert answer.json() == dict(error='2 searches wait already; try again later')
        running[0].close()
        assert httpx.post(f'{address}bank', data=data, files=files).status_code == 200
    running[1].close()


def _wait_for(happened: Callable[[], object]) -> None:
    for _ in range(3000):
        if happened():
            return
        time.sleep(0.01)
    raise AssertionError('it has not happened')
