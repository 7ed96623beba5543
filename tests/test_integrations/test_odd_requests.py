"""Each value in requests of label tools replaced by odd ones: the server says what is wrong, and never fails."""

import copy
import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from colour_inferencer import RED, draw
from label_tool_server import as_address, make_client, make_config

from mmosis.search.service import SearchService

IMAGE = as_address(draw((10, 10, 30, 30, RED), size=(40, 50)))
ODD = (None, True, -1, 1e300, float('nan'), '', 'x', '\ud800\0', [], [[]], [None], {}, {'id': {}})
BOX = dict(
    type='rectanglelabels', from_name='box', image_rotation=0,
    value=dict(x=20, y=25, width=40, height=50, rotation=0, rectanglelabels=['mug']),
)  # fmt: skip
POLYGON = dict(
    type='polygonlabels', from_name='box', value=dict(points=[[1, 1], [9, 1], [9, 9]], polygonlabels=['mug'])
)
BRUSH = dict(type='brushlabels', from_name='box', value=dict(rle=[0, 0, 31, 64], brushlabels=['mug']))
POINT = dict(type='keypointlabels', from_name='box', is_positive=0, value=dict(x=1, y=2, keypointlabels=['mug']))
TASK = dict(id=5, data=dict(image=IMAGE))
PROJECT = dict(id=7, label_config=make_config())
NEXT = itertools.cycle(ODD)
REQUESTS = {
    '/setup': dict(project='7.1', schema=make_config()),
    '/predict': dict(
        tasks=[TASK], project='7.1', label_config=make_config(), params=dict(context=dict(result=[BOX, POINT]))
    ),
    '/webhook': dict(
        action='ANNOTATION_CREATED', project=PROJECT, task=TASK,
        annotation=dict(id=1, task=5, was_cancelled=False, result=[BOX, POLYGON, BRUSH, POINT]),
    ),
    '/v1/predict': dict(
        model='mmosis', image=IMAGE,
        params=dict(
            conf_threshold=0.5, epsilon_factor=0.001, text_prompt='mug', current_task='*', filter_classes=['mug'],
            marks=[dict(type='rectangle', data=[10, 10, 30, 30], label=1), dict(type='point', data=[1, 2], label=0)],
        ),
    ),
}  # fmt: skip


def odd_copies(value: Any) -> Iterator[Any]:
    """The value with each part of it replaced by two odd values; by which ones, changes from part to part."""
    yield from (next(NEXT), next(NEXT))
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        for odd in odd_copies(part):
            changed = copy.copy(value)
            changed[key] = odd
            yield changed


@pytest.mark.parametrize('path', REQUESTS)
def test_odd_values_are_no_fault_of_the_server(path: str, service: SearchService) -> None:
    service.banks.save(
        'mugs', service.encode([dict(img=draw((10, 10, 30, 30, RED)), bbox=(10, 10, 30, 30), name='mug')])
    )
    with make_client(service) as client:
        answers = [client.post(path, json=REQUESTS[path]).status_code]
        for content in odd_copies(REQUESTS[path]):
            response = client.post(path, content=json.dumps(content))
            answers.append(response.status_code)
            assert response.status_code < 500, (content, response.text)
    assert answers[0] in {200, 201}
    assert 400 in answers
