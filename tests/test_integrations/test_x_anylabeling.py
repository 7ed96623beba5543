"""The routes of a remote server of X-AnyLabeling."""

import numpy as np
import pytest
from colour_inferencer import BLUE, DARK_RED, RED, draw
from label_tool_server import as_address, make_client
from starlette.testclient import TestClient

from mmosis.integrations.x_anylabeling import write_shapes
from mmosis.search.reference_bank import ReferenceBank
from mmosis.search.service import SearchService
from mmosis.structures import FoundObjects, RLEMasks
from mmosis.web import make_app

MUG, MUG2, DARK, PLATE = (10, 10, 30, 30), (50, 10, 70, 30), (90, 10, 110, 30), (20, 60, 60, 100)
SCENE = draw((*MUG, RED), (*MUG2, RED), (*DARK, DARK_RED), (*PLATE, BLUE))


@pytest.fixture
def client(service: SearchService) -> TestClient:
    return make_client(service)


@pytest.fixture
def banks(service: SearchService) -> SearchService:
    """Two stored banks, and one of another model."""
    service.banks.save('mugs', service.encode([dict(img=SCENE, bbox=MUG, name='mug')]))
    plates = [dict(img=SCENE, bbox=PLATE, name='plate'), dict(img=SCENE, bbox=DARK, name='dark', negative=True)]
    service.banks.save('plates', service.encode(plates))
    bank = service.banks.load('mugs')
    service.banks.save('others', ReferenceBank(bank.entries, bank.thumbnails, bank.encoded, 'd1' * 32))
    return service


def rect(box: tuple, label: int = 1) -> dict:
    return dict(type='rectangle', data=list(box), label=label)


def predict(client: TestClient, image: np.ndarray = SCENE, **params) -> dict:
    params = dict(conf_threshold=0.5, iou_threshold=0.0, epsilon_factor=0.001) | params
    response = client.post('/v1/predict', json=dict(model='mmosis', image=as_address(image), params=params))
    assert response.status_code == 200, response.text
    assert response.json()['success'] is True
    return response.json()['data']


def boxes(data: dict) -> list[tuple]:
    rows = [(shape['label'], np.array(shape['points'])) for shape in data['shapes']]
    return sorted((label, *points.min(axis=0).tolist(), *points.max(axis=0).tolist()) for label, points in rows)


def test_model_is_listed_with_its_buttons(client: TestClient) -> None:
    answer = client.get('/v1/models').json()
    assert answer['success'] is True
    (model,) = answer['data'].values()
    assert (model['display_name'], model['batch_processing_mode'], model['classes']) == ('mmosis', 'default', [])
    values = {widget['name']: widget['value'] for widget in model['widgets']}
    assert {'add_pos_rect', 'add_neg_rect', 'button_run_rect', 'button_clear', 'button_finish_object'} <= set(values)
    assert (values['edit_conf'], values['toggle_preserve_existing_annotations']) == (0.5, False)
    assert 'available_tasks' not in model


@pytest.mark.usefixtures('banks')
def test_stored_banks_are_tasks(client: TestClient) -> None:
    model = client.get('/v1/models').json()['data']['mmosis']
    assert model['classes'] == ['mug', 'plate']
    tasks = model['available_tasks']
    assert [(task['id'], task['name']) for task in tasks] == [
        ('*', 'all banks'),
        ('mugs', 'mugs'),
        ('plates', 'plates'),
    ]
    assert all(set(task['active_widgets']) == {widget['name'] for widget in model['widgets']} for task in tasks)


def test_a_rectangle_gives_every_object(client: TestClient) -> None:
    data = predict(client, marks=[rect(MUG)])
    assert boxes(data) == [('AUTOLABEL_OBJECT', *box) for box in (MUG, MUG2, DARK)]
    assert (data['replace'], data['description']) == (False, '')
    assert data['shapes'][0] == dict(
        label='AUTOLABEL_OBJECT', shape_type='polygon', score=1.0, group_id=None,
        points=[[10.0, 10.0], [10.0, 30.0], [30.0, 30.0], [30.0, 10.0]],
    )  # fmt: skip


def test_negative_rectangles_points_and_corners_in_any_order_are_read(client: TestClient) -> None:
    assert len(boxes(predict(client, marks=[rect((30, 30, 10, 10)), rect(DARK, 0)]))) == 2
    point = dict(type='point', data=[100, 20], label=0)
    assert len(boxes(predict(client, marks=[rect(MUG), point]))) == 2
    assert len(boxes(predict(client, marks=[rect(MUG), dict(point, label=1)], conf_threshold=0.9))) == 3


@pytest.mark.usefixtures('banks')
@pytest.mark.parametrize(
    ('params', 'expected'),
    [
        ({}, ['mug', 'mug', 'plate']),  # the dark one is a negative reference of the plates
        (dict(current_task='*'), ['mug', 'mug', 'plate']),
        (dict(current_task='mugs'), ['mug', 'mug', 'mug']),
        (dict(current_task='plates'), ['plate']),
        (dict(text_prompt='plate'), ['plate']),
        (dict(text_prompt='mugs'), ['mug', 'mug']),
        (dict(text_prompt='plate, mug'), ['mug', 'mug', 'plate']),
        (dict(text_prompt='spoon.plate'), ['plate']),
        (dict(filter_classes=['plate']), ['plate']),
        (dict(filter_classes=[], conf_threshold=1.0), ['mug', 'plate']),
    ],
)
def test_without_marks_stored_banks_are_searched_for(client: TestClient, params: dict, expected: list) -> None:
    data = predict(client, **params)
    assert [label for label, *_ in boxes(data)] == expected
    assert data['replace'] is None


def test_the_only_bank_needs_no_choice(client: TestClient, service: SearchService) -> None:
    service.banks.save('mugs', service.encode([dict(img=SCENE, bbox=MUG, name='mug')]))
    assert len(boxes(predict(client, draw((*MUG2, RED))))) == 1


def test_polygons_are_as_fine_as_asked_and_parts_are_grouped(client: TestClient, service: SearchService) -> None:
    mask = np.hypot(*np.mgrid[-30:30, -30:30]) < 25
    scene = draw()
    scene[30:90, 30:90][mask] = RED
    sizes = [
        len(predict(client, scene, marks=[rect((35, 35, 85, 85))], epsilon_factor=factor)['shapes'][0]['points'])
        for factor in (0, 0.001, 0.01)
    ]
    assert sizes[0] > sizes[1] > sizes[2] >= 8
    parts = (draw((10, 10, 30, 30, RED), (50, 50, 60, 60, RED)) == RED).all(axis=2)
    found = FoundObjects(labels=np.array([0]), scores=np.ones(1), masks=RLEMasks.encode(parts[None]))
    assert [shape['group_id'] for shape in write_shapes(found, 0, ['mug'], 0.001)] == [1, 1]


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(model='sam'), "has the model 'mmosis', an image in base64 and params"),
        (dict(image=None), 'an image in base64'),
        (dict(params='x'), 'an image in base64'),
        (dict(image='http://169.254.169.254/x'), 'is not base64'),
        (dict(image='file:///etc/passwd'), 'is not base64'),
        (dict(image='data:image/png;base64,AAAA'), 'is not a readable image'),
        (dict(params=dict(conf_threshold=2)), 'conf_threshold must be a number from 0 to 1'),
        (dict(params=dict(epsilon_factor='x')), 'epsilon_factor must be'),
        (dict(params=dict(marks='x')), 'a mark is a rectangle'),
        (dict(params=dict(marks=[dict(type='circle', data=[1, 2])])), 'a mark is a rectangle'),
        (dict(params=dict(marks=[dict(type=['point'], data=[1, 2])])), 'a mark is a rectangle'),
        (dict(params=dict(marks=[dict(type='point', data=[1, 'x'])])), 'a mark is a rectangle'),
        (dict(params=dict(marks=[rect(MUG, 0)])), 'draw a rectangle around an object that is meant, with +Rect'),
        (dict(params=dict(marks=[rect((1, 1, 1, 1))])), 'a box must be'),
        ({}, 'draw a rectangle around an object; without one, stored banks are searched for'),
    ],
)
def test_broken_requests_are_refused(
    client: TestClient, changes: dict, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    body = dict(model='mmosis', image=as_address(SCENE), params={}) | changes
    response = client.post('/v1/predict', json=body)
    assert response.status_code == 400
    assert message in response.json()['error']
    assert f'/v1/predict is refused: {response.json()["error"]}' in caplog.text


@pytest.mark.usefixtures('banks')
@pytest.mark.parametrize(
    ('params', 'message'),
    [
        (dict(current_task='spoons'), "there is no bank 'spoons'; there are mugs, plates"),
        (dict(current_task=['x']), 'there is no bank'),
        (dict(text_prompt='spoon'), "no stored category is called 'spoon'; there are mug, plate"),
        (dict(filter_classes=['spoon']), 'no stored category is called'),
    ],
)
def test_names_that_are_not_stored_are_refused(client: TestClient, params: dict, message: str) -> None:
    response = client.post('/v1/predict', json=dict(model='mmosis', image=as_address(SCENE), params=params))
    assert response.status_code == 400
    assert message in response.json()['error']


def test_routes_are_there_for_label_tools_alone(service: SearchService) -> None:
    client = TestClient(make_app(service), base_url='http://127.0.0.1:9090')
    assert [client.get('/v1/models').status_code, client.post('/setup').status_code] == [404, 404]


def test_token_comes_in_the_header_of_x_anylabeling(service: SearchService) -> None:
    client = make_client(service, token='secret')
    assert client.get('/v1/models').status_code == 401
    assert client.get('/v1/models', headers=dict(Token='secret')).status_code == 200
