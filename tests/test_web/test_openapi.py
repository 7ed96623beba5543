"""The description of the API is true: every route is in it, and every answer that it promises comes."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import jsonschema
import numpy as np
import pytest
from fake_inferencer import FakeInferencer
from starlette.routing import Route
from web_server import served

from mmosis.search.service import SearchService
from mmosis.web import make_app

TOKEN = 'open sesame'
MB = 2**20
METHODS = ('get', 'put', 'post', 'delete')
SEARCH = dict(references='[{"box": [1, 2, 40, 50]}]')


@pytest.fixture(scope='module')
def service() -> SearchService:
    return SearchService(FakeInferencer(), max_waiting=0)


@pytest.fixture(scope='module')
def client(service: SearchService) -> Iterator[httpx.Client]:
    with (
        served(make_app(service, token=TOKEN, max_upload_mb=1)) as address,
        httpx.Client(base_url=address, headers={'Token': TOKEN}) as client,
    ):
        yield client


@pytest.fixture(scope='module')
def api(client: httpx.Client) -> dict[str, Any]:
    return client.get('/openapi.json').json()


def operations(api: dict[str, Any]) -> dict[str, dict]:
    """The operations by method and path."""
    return {
        f'{method.upper()} {path}': described
        for path, methods in api['paths'].items()
        for method, described in methods.items()
        if method in METHODS
    }


def test_every_route_is_described(service: SearchService, api: dict[str, Any]) -> None:
    routes = [route for route in make_app(service).routes if isinstance(route, Route) and route.path != '/']
    served = {f'{method} {route.path}' for route in routes for method in route.methods - {'HEAD'}}
    assert set(operations(api)) == served


def test_document_is_well_formed(api: dict[str, Any]) -> None:
    assert api['openapi'] == '3.1.0'
    assert set(api['info']) >= {'title', 'version', 'license'}
    text = json.dumps(api)
    for name, schema in api['components']['schemas'].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert f'#/components/schemas/{name}"' in text or name == 'Progress'
    for described in operations(api).values():
        assert described['summary']
        assert all(answer['description'] for answer in described['responses'].values())
        for body in [*described['responses'].values(), described.get('requestBody', {})]:
            for content in body.get('content', {}).values():
                schema = content.get('schema', {})
                jsonschema.Draft202012Validator.check_schema(schema)
                name = schema.get('$ref', '').removeprefix('#/components/schemas/')
                assert not name or name in api['components']['schemas']


def _bank(client: httpx.Client, png: bytes) -> bytes:
    return client.post('/bank', data=dict(references='[{"image": "r"}]'), files=dict(r=png)).content


# How each operation succeeds, and what is wrong with a request that is answered with 400 or 404.
DONE: dict[str, Callable[[httpx.Client, bytes], dict]] = {
    'GET /health': lambda *_: {},
    'GET /openapi.json': lambda *_: {},
    'POST /search': lambda _, png: dict(data=SEARCH, files=dict(image=png)),
    'POST /bank': lambda _, png: dict(data=dict(references='[{"image": "r"}]'), files=dict(r=png)),
    'POST /bank/describe': lambda client, png: dict(content=_bank(client, png)),
    'GET /banks': lambda *_: {},
    'PUT /banks/{name}': lambda client, png: dict(content=_bank(client, png)),
    'GET /banks/{name}': lambda *_: {},
    'DELETE /banks/{name}': lambda *_: {},
    'POST /export': lambda *_: dict(
        files=dict(annotations=(None, '{"images": [], "annotations": [], "categories": []}'), format=(None, 'coco'))
    ),
}
WRONG: dict[str, dict] = {
    'POST /search 400': dict(files=dict(image=b'x')),
    'POST /search 404': dict(data=dict(bank_name='none'), files=dict(image=b'x')),
    'POST /bank 400': dict(files=dict(references=b'x')),
    'POST /bank/describe 400': dict(content=b'x'),
    'PUT /banks/{name} 400': dict(content=b'x'),
    'POST /export 400': dict(files=dict(format=b'x')),
}


def test_every_promise_is_kept(client: httpx.Client, api: dict[str, Any], service: SearchService, png: bytes) -> None:
    validator = _validator(api)
    for name, described in operations(api).items():
        for status in described['responses']:
            answer = _ask(client, name, status, service, png)
            expected = answer.status_code if status == 'default' else int(status)
            assert answer.status_code == expected, f'{name} {status}: {answer.text}'
            assert (status == 'default') == (answer.status_code in (403, 421))
            contents = described['responses'][status].get('content', {})
            type_ = answer.headers.get('content-type', '')
            assert type_ in contents or (status, contents) == ('204', {})
            if type_ == 'application/json':
                validator(contents[type_]['schema'], answer.json())


def test_lines_of_a_search_are_as_described(client: httpx.Client, api: dict[str, Any], png: bytes) -> None:
    answer = client.post('/search', data=SEARCH, files=dict(image=png), headers={'Accept': 'application/x-ndjson'})
    *steps, result = map(json.loads, answer.text.splitlines())
    for step in steps:
        _validator(api)({'$ref': '#/components/schemas/Progress'}, step)
    _validator(api)({'$ref': '#/components/schemas/Result'}, result)


def _validator(api: dict[str, Any]) -> Callable[[dict, Any], None]:
    def check(schema: dict, content: Any) -> None:
        jsonschema.Draft202012Validator(dict(schema, components=api['components'])).validate(content)

    return check


def _ask(client: httpx.Client, name: str, status: str, service: SearchService, png: bytes) -> httpx.Response:
    """Send a request that is answered with this status."""
    method, _, path = name.partition(' ')
    here, missing = path.format(name='mugs'), path.format(name='none')
    if status == '503':
        image = np.zeros((50, 50, 3), np.uint8)
        steps = service.search(image, service.inferencer.encode([image]), service.inferencer.options)
        next(steps)
        try:
            return client.request(method, here, **DONE[name](client, png))
        finally:
            steps.close()
    if status in ('400', '404') and f'{name} {status}' in WRONG:
        return client.request(method, here, **WRONG[f'{name} {status}'])
    others: dict[str, dict] = {
        '401': dict(headers={'Token': 'none'}),
        '404': {},
        '413': dict(content=bytes(15 * MB + 1)),
        '415': dict(content=b'x'),
        'default': dict(headers={'Origin': 'http://evil.example'}),
    }
    if status in others:
        return client.request(method, missing if status == '404' else here, **others[status])
    if '{name}' in path:
        service.banks.save('mugs', service.inferencer.encode([np.zeros((50, 50, 3), np.uint8)]))
    return client.request(method, here, **DONE[name](client, png))
