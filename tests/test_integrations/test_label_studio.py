"""The routes of a Label Studio ML backend."""

from collections.abc import Callable

import numpy as np
import pytest
from colour_inferencer import BLUE, DARK_RED, RED, draw
from label_tool_server import as_address, make_client, make_config
from starlette.testclient import TestClient

from mmosis.integrations import label_studio
from mmosis.integrations.brush_rle import decode_brush
from mmosis.integrations.label_studio_teacher import Teacher
from mmosis.search.named_banks import NamedBanks
from mmosis.search.service import Busy, SearchService

MUG, MUG2, DARK, PLATE = (10, 10, 30, 30), (50, 10, 70, 30), (90, 10, 110, 30), (20, 60, 60, 100)
SCENE = draw((*MUG, RED), (*MUG2, RED), (*DARK, DARK_RED), (*PLATE, BLUE))  # 120 x 160
BRUSH = '<BrushLabels name="brush" toName="photo"><Label value="mug"/></BrushLabels>'
POLYGON = '<PolygonLabels name="outline" toName="photo"><Label value="mug"/></PolygonLabels>'


@pytest.fixture
def teacher(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Teacher]:
    """Gives the teacher of the server that is made."""
    made = []

    class Kept(Teacher):
        def __init__(self, *args) -> None:
            super().__init__(*args)
            made.append(self)

    monkeypatch.setattr(label_studio, 'Teacher', Kept)
    return lambda: made[-1]


@pytest.fixture
def client(service: SearchService, teacher: Callable) -> TestClient:
    return make_client(service)


def percent(box: tuple, **extra) -> dict:
    """A rectangle of a box on SCENE."""
    x1, y1, x2, y2 = np.array(box) / (1.6, 1.2, 1.6, 1.2)
    return dict(x=x1, y=y1, width=x2 - x1, height=y2 - y1, rotation=0) | extra


def rectangle(box: tuple, label: str = 'mug') -> dict:
    return dict(type='rectanglelabels', from_name='box', to_name='photo', value=percent(box, rectanglelabels=[label]))


def key_point(x: float, y: float, positive: int) -> dict:
    value = dict(x=x / 1.6, y=y / 1.2, width=1, keypointlabels=['mug'])
    return dict(type='keypointlabels', from_name='point', value=value, is_positive=positive)


def event(action: str, annotations: list[dict], config: str = '', image: np.ndarray = SCENE) -> dict:
    """A webhook's content, as Label Studio sends it."""
    several = action.startswith('ANNOTATIONS')
    tasks = [dict(id=annotation['task'], data=dict(image=as_address(image))) for annotation in annotations]
    content = dict(annotation=annotations, task=tasks) if several else dict(annotation=annotations[0], task=tasks[0])
    return dict(content, action=action, project=dict(id=7, label_config=config or make_config()))


def annotation(*regions: dict, number: int = 3, **extra) -> dict:
    return dict(id=number, task=5, result=list(regions)) | extra


def predict(client: TestClient, context: dict | None = None, config: str = '', image: np.ndarray = SCENE) -> dict:
    """Predict one task."""
    params = dict(login=None, password=None, context=context)
    task = dict(id=5, project=7, data=dict(image=as_address(image)))
    body = dict(tasks=[task], project='7.1700000000', label_config=config or make_config(), params=params)
    response = client.post('/predict', json=body)
    assert response.status_code == 200
    (result,) = response.json()['results']
    return result


def boxes(result: dict) -> list[tuple]:
    """Label and box in pixels of SCENE of each region."""
    rows = [(region['value'], region['value']['rectanglelabels'][0]) for region in result['result']]
    return sorted(
        (label, *np.round([v['x'] * 1.6, v['y'] * 1.2, (v['x'] + v['width']) * 1.6, (v['y'] + v['height']) * 1.2]))
        for v, label in rows
    )


def version(client: TestClient) -> str:
    response = client.post('/setup', json=dict(project='7.1700000000', schema=make_config(), extra_params=None))
    assert response.status_code == 200
    return response.json()['model_version']


def test_health_says_what_label_studio_asks_for(client: TestClient) -> None:
    answer = client.get('/health').json()
    assert (answer['status'], answer['model_class']) == ('UP', 'mmosis')


def test_nothing_is_predicted_before_anything_is_labelled(client: TestClient) -> None:
    result = predict(client)
    assert (result['result'], result['score']) == ([], 0)
    assert result['model_version'] == version(client)


def test_labelling_teaches(client: TestClient, teacher: Callable) -> None:
    before = version(client)
    response = client.post('/webhook', json=event('ANNOTATION_CREATED', [annotation(rectangle(MUG))]))
    assert (response.status_code, response.json()) == (201, dict(status='queued', annotations=1))
    teacher().wait()
    result = predict(client, image=draw((*MUG2, RED), (*PLATE, BLUE)))
    assert boxes(result) == [('mug', *MUG2)]
    assert result['score'] == pytest.approx(0.95)
    assert result['model_version'] == version(client) != before


def test_an_update_replaces_and_a_deletion_removes(client: TestClient, teacher: Callable) -> None:
    def post(*args: object) -> object:
        return client.post('/webhook', json=event(*args))

    other = annotation(rectangle(PLATE, 'plate'), number=31)
    post('ANNOTATION_CREATED', [annotation(rectangle(MUG))])
    post('ANNOTATIONS_CREATED', [other])
    teacher().wait()
    assert {label for label, *_ in boxes(predict(client))} == {'mug', 'plate'}
    post('ANNOTATION_UPDATED', [annotation(rectangle(DARK), rectangle(PLATE, 'plate'))])
    teacher().wait()
    bank = client.get('/banks').json()['banks']
    assert bank == [dict(name='label-studio-7', classes=['plate', 'mug'])]
    assert [region['score'] for region in predict(client)['result']] == pytest.approx([1, 1, 0.65, 0.65])
    client.post('/webhook', json=dict(action='ANNOTATIONS_DELETED', annotations=[dict(id=3)], project=dict(id=7)))
    teacher().wait()
    assert {label for label, *_ in boxes(predict(client))} == {'plate'}
    client.post('/webhook', json=dict(action='ANNOTATION_DELETED', annotation=dict(id=31), project=dict(id=7)))
    teacher().wait()
    assert predict(client)['result'] == []


def test_a_skipped_task_and_what_is_of_no_label_teach_nothing(client: TestClient, teacher: Callable) -> None:
    choice = dict(type='choices', from_name='good', value=dict(choices=['yes']))
    for number, taught in enumerate(
        [
            annotation(rectangle(MUG), was_cancelled=True),
            annotation(choice),
            annotation(),
            annotation(key_point(1, 1, 1)),
        ]
    ):
        client.post('/webhook', json=event('ANNOTATION_CREATED', [taught | dict(id=number)]))
    teacher().wait()
    assert client.get('/banks').json()['banks'] == []


def test_a_region_that_cannot_be_used_is_skipped_alone(
    client: TestClient, teacher: Callable, caplog: pytest.LogCaptureFixture
) -> None:
    broken = rectangle(MUG) | dict(image_rotation=90)
    everything = dict(rectangle(MUG), type='polygonlabels')
    everything['value'] = dict(points=[[0, 0], [100, 0], [100, 100], [0, 100]], polygonlabels=['mug'])
    small = rectangle((10, 10, 12, 12))
    client.post('/webhook', json=event('ANNOTATION_CREATED', [annotation(broken, everything, small, rectangle(MUG))]))
    teacher().wait()
    assert [label for label, *_ in boxes(predict(client))] == ['mug'] * 3
    assert [text in caplog.text for text in ('turn it back', 'covers the whole image', 'at least 4 a side')] == [
        True
    ] * 3


def test_an_image_that_cannot_be_fetched_teaches_nothing(
    client: TestClient, teacher: Callable, caplog: pytest.LogCaptureFixture
) -> None:
    content = event('ANNOTATION_CREATED', [annotation(rectangle(MUG))])
    content['task']['data']['image'] = 'http://169.254.169.254/latest'
    assert client.post('/webhook', json=content).status_code == 201
    teacher().wait()
    assert 'is not learnt: images of Label Studio are fetched if mmosis serve has --label-studio' in caplog.text


def test_of_many_regions_the_largest_are_learnt(client: TestClient, teacher: Callable) -> None:
    regions = [rectangle((10, 10, 20 + i, 30)) for i in range(25)] + [rectangle((20, 60, 25, 65), 'plate')]
    client.post('/webhook', json=event('ANNOTATION_CREATED', [annotation(*regions)]))
    teacher().wait()
    entries = teacher().service.banks.load('label-studio-7').entries
    assert [entry.name for entry in entries] == ['mug'] * 20 + ['plate']
    assert min(entry.box_size[0] for entry in entries if entry.name == 'mug') == 15
    assert entries[0].origin.startswith('Label Studio annotation 3, at 10,')


def test_banks_outlive_the_server(client: TestClient, teacher: Callable, tmp_path) -> None:
    for _ in range(2):
        service = SearchService(teacher().service.inferencer, NamedBanks(tmp_path))
        client = make_client(service)
        if not service.banks.names():
            client.post('/webhook', json=event('ANNOTATION_CREATED', [annotation(rectangle(MUG))]))
            teacher().wait()
        assert len(boxes(predict(client))) == 3


def test_labels_without_annotations_come_from_stored_banks(client: TestClient, teacher: Callable) -> None:
    service = teacher().service
    references = [dict(img=SCENE, bbox=box, name=name) for box, name in ((PLATE, 'plate'), (DARK, 'mug'), (DARK, 'x'))]
    service.banks.save('kitchen', service.encode(references))
    service.banks.save('label-studio-8', service.encode([dict(img=SCENE, bbox=MUG2, name='plate')]))
    assert [label for label, *_ in boxes(predict(client))] == ['mug', 'mug', 'mug', 'plate']
    client.post('/webhook', json=event('ANNOTATION_CREATED', [annotation(rectangle(MUG))]))
    teacher().wait()
    assert [region['score'] for region in predict(client)['result']] == pytest.approx([1, 1, 0.95, 0.65])


@pytest.mark.parametrize(('more', 'name'), [('', 'box'), (POLYGON, 'outline'), (POLYGON + BRUSH, 'brush')])
def test_regions_are_of_the_tag_that_the_config_has(
    client: TestClient, teacher: Callable, more: str, name: str
) -> None:
    config = make_config(more)
    client.post('/webhook', json=event('ANNOTATION_CREATED', [annotation(rectangle(MUG))], config))
    teacher().wait()
    regions = predict(client, config=config)['result']
    assert [(region['from_name'], region['to_name']) for region in regions] == [(name, 'photo')] * 3
    if name == 'brush':
        mask = decode_brush(regions[0]['value']['rle'], (120, 160))
        assert np.array_equal(mask, (SCENE == RED).all(axis=2) & (np.arange(160) < 40))


def test_brush_and_polygon_teach(client: TestClient, teacher: Callable) -> None:
    config = make_config(POLYGON + BRUSH)
    painted = predict(client, dict(result=[rectangle(MUG)]), config)['result'][0]
    outline = dict(painted, type='polygonlabels', from_name='outline')
    outline['value'] = dict(points=[[56.25, 8.4], [68, 8.4], [68, 24]], polygonlabels=['mug'])
    client.post('/webhook', json=event('ANNOTATION_CREATED', [annotation(painted, outline)], config))
    teacher().wait()
    entries = teacher().service.banks.load('label-studio-7').entries
    assert [entry.bbox for entry in entries] == [MUG, pytest.approx((90, 10, 109, 29), abs=1)]
    assert all(entry.outline for entry in entries)


def test_threshold_of_a_tag_is_obeyed(client: TestClient, teacher: Callable) -> None:
    config = make_config().replace('smart="true"', 'model_score_threshold="0.9"')
    client.post('/webhook', json=event('ANNOTATION_CREATED', [annotation(rectangle(MUG))], config))
    teacher().wait()
    assert len(predict(client, config=config)['result']) == 2


class TestInteractive:
    def test_a_box_gives_every_object(self, client: TestClient) -> None:
        assert boxes(predict(client, dict(result=[rectangle(MUG)]))) == [('mug', *b) for b in (MUG, MUG2, DARK)]

    def test_a_negative_point_drops_what_it_is_on(self, client: TestClient) -> None:
        context = dict(result=[rectangle(MUG), key_point(100, 20, 0)])
        assert boxes(predict(client, context)) == [('mug', *MUG), ('mug', *MUG2)]

    def test_points_choose_among_what_was_labelled(self, client: TestClient, teacher: Callable) -> None:
        context = dict(result=[key_point(100, 20, 0)])
        assert 'draw a box around a mug' in predict(client, context)['error']
        client.post('/webhook', json=event('ANNOTATION_CREATED', [annotation(rectangle(MUG))]))
        teacher().wait()
        assert boxes(predict(client, context)) == [('mug', *MUG), ('mug', *MUG2)]

    def test_what_has_no_label_of_the_project_is_refused(self, client: TestClient) -> None:
        unknown = dict(rectangle(MUG, 'spoon'))
        assert predict(client, dict(result=[unknown])) | dict(model_version='') == dict(
            result=[], error="no tag that mmosis draws has the label 'spoon'", model_version=''
        )
        unnamed = dict(rectangle(MUG), value=percent(MUG))
        assert 'has no label of the project' in predict(client, dict(result=[unnamed]))['error']


def test_a_task_that_cannot_be_predicted_says_why_beside_others(client: TestClient, teacher: Callable) -> None:
    client.post('/webhook', json=event('ANNOTATION_CREATED', [annotation(rectangle(MUG))]))
    teacher().wait()
    data = [as_address(SCENE), 'http://169.254.169.254/', 'data:image/png;base64,AAAA', None]
    tasks = [dict(id=number, data=dict(image=image)) for number, image in enumerate(data)] + [dict(id=9)]
    answer = client.post('/predict', json=dict(tasks=tasks, project=7, label_config=make_config(), params=None))
    first, *others = answer.json()['results']
    assert len(first['result']) == 3
    expected = ('--label-studio URL', 'is not a readable image', "has no 'image'", "has no 'image'")
    assert [text in other['error'] for text, other in zip(expected, others, strict=True)] == [True] * 4
    assert not any('result' in other for other in others)


def test_training_is_accepted(client: TestClient) -> None:
    for action in ('START_TRAINING', 'PROJECT_UPDATED'):
        response = client.post('/webhook', json=dict(action=action, project=dict(id=7, label_config=make_config())))
        assert (response.status_code, response.json()) == (201, dict(status='ok'))


@pytest.mark.parametrize(
    ('path', 'content', 'message'),
    [
        ('/setup', dict(project='7.1', schema='<View/>'), 'has no RectangleLabels'),
        ('/setup', dict(project='x', schema=make_config()), 'a project is known by its number'),
        ('/setup', dict(project='7.1'), 'a label config is a text'),
        ('/setup', ['list'], 'must be an object, got list'),
        ('/predict', dict(project='7.1', label_config=make_config(), tasks=[]), 'there are no tasks'),
        ('/predict', dict(project='../7', label_config=make_config(), tasks=[{}]), 'a project is known by its number'),
        ('/webhook', dict(action='ANNOTATION_CREATED'), 'has a project'),
        ('/webhook', event('ANNOTATION_CREATED', [annotation(number=None)]), 'has a number as its id'),
        ('/webhook', event('ANNOTATION_CREATED', [annotation()]) | dict(task=None), 'has its task'),
        ('/webhook', event('ANNOTATION_CREATED', [annotation()], '<View'), 'is no XML'),
    ],
)
def test_broken_requests_are_refused(client: TestClient, path: str, content: object, message: str) -> None:
    response = client.post(path, json=content)
    assert response.status_code == 400
    assert message in response.json()['error']


def test_what_is_no_json_or_too_large_is_refused(service: SearchService) -> None:
    client = make_client(service, max_upload_mb=1)
    assert 'must be JSON' in client.post('/setup', content=b'{').json()['error']
    assert 'must be JSON' in client.post('/setup', content=b'[' * 100_000).json()['error']
    assert 'must be JSON' in client.post('/setup', content=b'{"a": "\\ud800"}').json()['error']
    response = client.post('/setup', content=b' ' * 2**21)
    assert response.status_code == 413


def test_too_many_annotations_are_refused(service: SearchService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('mmosis.integrations.label_studio_teacher.MAX_WAITING', 1)
    annotations = [annotation(number=1), annotation(number=2)]
    response = make_client(service).post('/webhook', json=event('ANNOTATIONS_CREATED', annotations))
    assert response.status_code == 503
    assert response.headers['retry-after']


def test_a_busy_model_is_waited_for(client: TestClient, teacher: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    service, naps = teacher().service, []
    encode = service.encode
    monkeypatch.setattr('mmosis.integrations.label_studio_teacher.sleep', naps.append)

    def encode_later(*args) -> object:
        if len(naps) < 2:
            raise Busy('busy')
        return encode(*args)

    monkeypatch.setattr(service, 'encode', encode_later)
    client.post('/webhook', json=event('ANNOTATION_CREATED', [annotation(rectangle(MUG))]))
    teacher().wait()
    assert (naps, service.banks.names()) == ([1, 1], ['label-studio-7'])


def test_a_token_is_asked_for(service: SearchService) -> None:
    client = make_client(service, token='secret')
    body = dict(project='7.1', schema=make_config())
    assert client.post('/setup', json=body).status_code == 401
    assert client.post('/setup', json=body, auth=('any', 'secret')).status_code == 200
    assert client.get('/health').status_code == 200
