"""Banks over HTTP: encoded, joined, described, kept."""

import base64
import json
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from fake_inferencer import FakeInferencer
from web_server import served

pytest.importorskip('starlette', reason='the server needs starlette: extra web')

from mmosis.search import BankEntry, ReferenceBank
from mmosis.search.named_banks import NamedBanks
from mmosis.search.service import SearchService
from mmosis.web import make_app


def make(client: httpx.Client, png: bytes, *names: str, **files: bytes) -> bytes:
    entries = json.dumps([dict(image='r', name=name) for name in names])
    answer = client.post('/bank', data=dict(references=entries), files=dict(r=('a.png', png), **files))
    assert answer.status_code == 200
    assert answer.headers['content-type'] == 'application/octet-stream'
    return answer.content


def test_bank_is_a_file_as_the_command_writes(client: httpx.Client, png: bytes, tmp_path: Path) -> None:
    (tmp_path / 'a.safetensors').write_bytes(make(client, png, 'mug', 'cup', 'mug'))
    bank = ReferenceBank.load(tmp_path / 'a.safetensors')
    assert bank.names == ['mug', 'cup']
    assert [entry.origin for entry in bank.entries] == ['a.png'] * 3


def test_banks_are_joined(client: httpx.Client, png: bytes) -> None:
    mug, cup = make(client, png, 'mug'), make(client, png, 'cup')
    joined = ReferenceBank.from_bytes(make(client, png, 'bowl', merge=mug), 'joined')
    assert joined.names == ['mug', 'bowl']
    several = client.post('/bank', files=[('merge', mug), ('merge', cup), ('merge', mug)]).content
    assert [entry.name for entry in ReferenceBank.from_bytes(several, 'several').entries] == ['mug', 'cup', 'mug']


def test_bank_is_described(client: httpx.Client, png: bytes) -> None:
    described = client.post('/bank/describe', content=make(client, png, 'mug', 'cup')).json()
    assert described['classes'] == ['mug', 'cup']
    reference = described['references'][1]
    thumbnail = base64.b64decode(reference.pop('thumbnail').removeprefix('data:image/png;base64,'))
    assert reference == dict(name='cup', negative=False, origin='a.png')
    np.testing.assert_array_equal(
        cv2.imdecode(np.frombuffer(thumbnail, np.uint8), 1), cv2.imdecode(np.frombuffer(png, np.uint8), 1)
    )


def test_texts_that_are_no_unicode_come_back(client: httpx.Client) -> None:
    entry = BankEntry('\ud800', negative=False, origin='\udfff')
    bank = ReferenceBank([entry], [np.zeros((8, 8, 3), np.uint8)], [np.zeros((1, 2), np.float32)], 'fake')
    assert client.post('/bank/describe', content=bank.to_bytes()).json()['classes'] == ['\ud800']


def test_banks_are_kept(fake_inferencer: FakeInferencer, png: bytes, tmp_path: Path) -> None:
    app = make_app(SearchService(fake_inferencer, NamedBanks(tmp_path)))
    with served(app) as address, httpx.Client(base_url=address) as client:
        assert client.get('/banks').json() == dict(banks=[])
        content = make(client, png, 'mug', 'cup')
        kept = dict(name='for tea', classes=['mug', 'cup'])
        assert client.put('/banks/for tea', content=content).json() == kept
        assert client.get('/banks').json() == dict(banks=[kept])
        assert ReferenceBank.from_bytes(client.get('/banks/for tea').content, 'tea').names == ['mug', 'cup']
        assert ReferenceBank.load(tmp_path / 'for tea.safetensors').names == ['mug', 'cup']
        (tmp_path / 'broken.safetensors').write_bytes(b'nothing')
        broken, _ = client.get('/banks').json()['banks']
        assert broken['classes'] == []
        assert 'is no reference bank of mmosis' in broken['error']
        assert client.delete('/banks/for tea').status_code == 204
        assert client.get('/banks/for tea').status_code == 404
        assert client.delete('/banks/for tea').status_code == 404


def test_a_bank_of_another_model_is_refused(client: httpx.Client) -> None:
    entry = BankEntry('mug', negative=False, origin='a')
    bank = ReferenceBank([entry], [np.zeros((8, 8, 3), np.uint8)], [np.zeros((1, 2), np.float32)], 'another')
    for answer in (
        client.put('/banks/x', content=bank.to_bytes()),
        client.post('/bank', files=dict(merge=bank.to_bytes())),
    ):
        assert answer.status_code == 400
        assert 'these references were encoded by another model (fingerprint another, this one has fake)' in answer.text
