"""The API finds what the command finds, and says the same of what is wrong."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from web_server import served

pytest.importorskip('starlette', reason='the server needs starlette: extra web')

from mmosis.cli import main
from mmosis.search import make_inferencer
from mmosis.search.service import SearchService
from mmosis.web import make_app

IMAGE = Path(__file__).parents[2] / 'mmosis/web/page/photographs/pizza.jpg'
BOX = [287, 147, 381, 198]


@pytest.fixture(scope='module')
def client() -> Iterator[httpx.Client]:
    app = make_app(SearchService(make_inferencer(runtime='onnx')))
    with served(app) as address, httpx.Client(base_url=address, timeout=300) as client:
        yield client


def search(client: httpx.Client, **fields: str) -> httpx.Response:
    references = json.dumps([dict(image=None, box=BOX, name='tomato')])
    return client.post('/search', data=dict(references=references) | fields, files=dict(image=IMAGE.read_bytes()))


def run(tmp_path: Path, *options: str) -> int:
    box = ','.join(map(str, BOX))
    runtime = () if '--runtime' in options else ('--runtime', 'onnx')
    words = ['search', IMAGE, '--box', box, '--name', 'tomato', '--out', tmp_path / 'out', *runtime, *options]
    return main([str(word) for word in words])


def test_finds_the_same(client: httpx.Client, tmp_path: Path) -> None:
    assert run(tmp_path, '--image-scale', '192', '--score-thr', '0.2', '--polygons') == 0
    written = json.loads((tmp_path / 'out' / 'annotations.json').read_text())['annotations']
    result = search(client, image_scale='192', score_thr='0.2', polygons='true').json()
    assert len(written) > 1
    assert result['classes'] == ['tomato']
    assert [{key: row[key] for key in ('score', 'bbox', 'area', 'segmentation')} for row in written] == [
        {key: row[key] for key in ('score', 'bbox', 'area', 'segmentation')} for row in result['objects']
    ]


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('score_thr', '1.5'),
        ('score_thr', '30'),
        ('score_thr', '-1'),
        ('image_scale', '8'),
        ('tile', '1'),
        ('overlap', '1.5'),
        ('overlap', '-1'),
    ],
)
def test_says_the_same(
    client: httpx.Client, tmp_path: Path, name: str, value: str, capsys: pytest.CaptureFixture
) -> None:
    assert run(tmp_path, f'--{name.replace("_", "-")}={value}') == 2
    answer = search(client, **{name: value})
    assert answer.status_code == 400
    assert capsys.readouterr().err == f'mmosis: error: {answer.json()["error"]}\n'
