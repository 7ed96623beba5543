"""CVAT's auto-annotation, driven by its own SDK."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from colour_inferencer import BLUE, DARK_RED, RED, ColourInferencer, draw
from PIL import Image

from mmosis.search.reference_bank import ReferenceBank
from mmosis.search.service import SearchService

pytest.importorskip('cvat_sdk', reason='cvat-sdk needs Python 3.11')

import cvat_sdk.auto_annotation as cvataa
from cvat_sdk.core.client import AccessTokenCredentials, Client
from cvat_sdk.masks import decode_mask, encode_mask
from fake_cvat import FakeCvat

from mmosis.integrations import cvat

SCENE = draw((10, 10, 30, 30, RED), (50, 10, 70, 40, RED), (90, 10, 110, 30, DARK_RED), (60, 60, 90, 90, BLUE))
SHAPES = [(10, 10, 29, 29), (50, 10, 69, 39), (90, 10, 109, 29)]  # as CVAT has the boxes of masks
BOX = ((10, 10), (30, 30))


@dataclass
class Prompts(cvataa.InteractionPrompts):
    """What CVAT's agent hands over."""

    bounding_box: tuple | None = None
    pos_points: tuple = ()
    neg_points: tuple = ()


@pytest.fixture
def bank(service: SearchService) -> ReferenceBank:
    return service.encode([dict(img=SCENE, bbox=(10, 10, 30, 30), name='mug')])


def annotate(tmp_path: Path, function: cvat.Detector, labels: dict[str, str], images: list, **settings) -> FakeCvat:
    """Annotate a task as ``cvat-cli task auto-annotate`` does."""
    server = FakeCvat(images, labels)
    with server.serve() as url, Client(url) as client:
        client.config.cache_dir = tmp_path
        client.login(AccessTokenCredentials('token'))
        cvataa.annotate_task(client, 1, function, **settings)
    return server


def boxes(server: FakeCvat, frame: int = 0) -> list[tuple]:
    ((_, _, content),) = server.uploads
    return sorted(tuple(map(int, shape['points'][-4:])) for shape in content['shapes'] if shape['frame'] == frame)


def test_task_is_annotated_with_masks(tmp_path: Path, service: SearchService, bank: ReferenceBank) -> None:
    images = [SCENE, draw((5, 6, 40, 50, RED)), draw()]
    server = annotate(tmp_path, cvat.Detector(service, bank), dict(cup='mask', mug='mask'), images)
    assert [boxes(server, frame) for frame in range(3)] == [SHAPES, [(5, 6, 39, 49)], []]
    method, query, content = server.uploads[0]
    assert (method, query) == ('PATCH', 'action=create')
    assert {(shape['type'], shape['label_id'], shape['source']) for shape in content['shapes']} == {
        ('mask', 42, 'auto')
    }
    mask = decode_mask(content['shapes'][0]['points'], image_width=160, image_height=120)
    assert np.array_equal(mask, (SCENE == RED).all(axis=2) & (np.arange(160) < 40))


@pytest.mark.parametrize(('threshold', 'expected'), [(None, 3), (0.7, 2), (0.65, 3), (0.0, 3), (1.0, 1)])
def test_threshold_of_cvat_is_obeyed(
    tmp_path: Path, service: SearchService, bank: ReferenceBank, threshold: float | None, expected: int
) -> None:
    server = annotate(tmp_path, cvat.Detector(service, bank), dict(mug='any'), [SCENE], conf_threshold=threshold)
    assert len(boxes(server)) == expected


def test_masks_become_polygons_where_cvat_asks(tmp_path: Path, service: SearchService, bank: ReferenceBank) -> None:
    settings = dict(conv_mask_to_poly=True, clear_existing=True)
    server = annotate(tmp_path, cvat.Detector(service, bank), dict(mug='polygon'), [SCENE], **settings)
    ((method, _, content),) = server.uploads
    assert method == 'PUT'
    assert {shape['type'] for shape in content['shapes']} == {'polygon'}
    corners = np.array(content['shapes'][0]['points']).reshape(-1, 2)
    assert {tuple(corner) for corner in corners.tolist()} == {(10, 10), (30, 10), (10, 30), (30, 30)}


def test_label_that_the_task_lacks_is_refused_by_cvat(
    tmp_path: Path, service: SearchService, bank: ReferenceBank
) -> None:
    with pytest.raises(cvataa.BadFunctionError, match=r"'mug' is not in dataset"):
        annotate(tmp_path, cvat.Detector(service, bank), dict(cup='mask'), [SCENE])


def test_bank_of_another_model_is_refused_at_once(service: SearchService, bank: ReferenceBank) -> None:
    other = ReferenceBank(bank.entries, bank.thumbnails, bank.encoded, 'd1' * 32)
    with pytest.raises(ValueError, match='encoded by another model'):
        cvat.Detector(service, other)


def interact(service: SearchService, image: np.ndarray = SCENE, **prompts) -> list[tuple]:
    """Boxes of the masks that an interactor gives, from left to right, and their confidence."""
    function = cvat.Interactor(service)
    context = cvataa.InteractionFunctionContext()
    pp_image = function.preprocess_image(context, Image.fromarray(image[..., ::-1]))
    shapes = function.detect(context, pp_image, Prompts(**prompts))
    assert all(shape.type == 'mask' for shape in shapes)
    return sorted((*map(int, shape.points[-4:]), float(shape.attributes[0].value)) for shape in shapes)


def test_one_box_gives_every_object(service: SearchService) -> None:
    assert interact(service, bounding_box=BOX) == [(*SHAPES[0], 1.0), (*SHAPES[1], 0.95), (*SHAPES[2], 0.65)]


def test_points_drop_and_keep_objects(service: SearchService) -> None:
    assert interact(service, bounding_box=BOX, neg_points=((100, 20),)) == [(*SHAPES[0], 1.0), (*SHAPES[1], 0.95)]
    far = draw((10, 10, 30, 30, RED), (60, 60, 80, 80, (30, 30, 120)))
    assert len(interact(service, far, bounding_box=BOX)) == 1
    assert len(interact(service, far, bounding_box=BOX, pos_points=((70, 70),))) == 2


def test_points_alone_are_refused(service: SearchService) -> None:
    with pytest.raises(ValueError, match='draw a box around one of the objects'):
        interact(service, pos_points=((20, 20),))


def test_masks_are_encoded_as_the_sdk_does() -> None:
    rng = np.random.default_rng(0)
    masks = np.zeros((20, 30, 40), bool)
    masks[:, 4:25, 7:33] = rng.random((20, 21, 26)) < 0.5
    rles = cvat.RLEMasks.encode(masks)
    assert [cvat.encode_part(rles, row) for row in range(20)] == [encode_mask(mask) for mask in masks]
    assert cvat.encode_part(cvat.RLEMasks.encode(np.zeros((1, 5, 5), bool)), 0) == []


def test_module_is_a_function_as_cvat_cli_loads_it(
    tmp_path: Path, bank: ReferenceBank, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(cvat, 'make_inferencer', lambda *args, **kwargs: asked.append(kwargs) or ColourInferencer())
    module = import_module('mmosis.integrations.cvat')
    bank.save(tmp_path / 'mugs.safetensors')
    function = module.create(references=str(tmp_path / 'mugs.safetensors'), score_thr=0.4, image_scale=640)
    assert [(label.name, label.id, label.type) for label in function.spec.labels] == [('mug', 0, 'mask')]
    assert asked == [dict(score_thr=0.4, image_scale=640)]
    spec = module.create().spec
    assert (spec.min_pos_points, spec.min_neg_points, spec.min_bounding_boxes) == (0, 0, 1)


def test_cvat_cli_loads_and_runs_the_interactor(monkeypatch: pytest.MonkeyPatch) -> None:
    common = pytest.importorskip('cvat_cli._internal.common', reason='cvat-cli is not installed')
    monkeypatch.setattr(cvat, 'make_inferencer', lambda *args, **kwargs: ColourInferencer())
    function = common.FunctionLoader('mmosis.integrations.cvat', None, {}).load()
    driver = import_module('cvat_cli._internal.agent_driver_interaction').AgentInteractionFunctionDriver
    assert driver.get_remote_function_fields(function.spec) == dict(
        min_pos_points=0, min_neg_points=0, startswith_box=True
    )
