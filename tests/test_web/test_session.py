"""What the buttons of the web page do, without a page."""

import builtins
import copy
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmdet.registry import MODELS
from mmengine.config import Config
from PIL import Image

import mmosis.web
from mmosis.search import OneShotInferencer
from mmosis.web import pictures, results
from mmosis.web import session as actions
from mmosis.web.examples import make_examples
from mmosis.web.session import MAX_PICTURES, Desk, Session

CONFIG = Path(__file__).parents[2] / 'configs' / 'demo' / 'siamese_mask_rcnn_demo_s1.py'


@pytest.fixture
def picture(tmp_path: Path) -> Callable[..., str]:
    """Write a picture of noise: ``picture('a.png', height=80, width=100)``."""

    def write(name: str = 'a.png', height: int = 80, width: int = 100) -> str:
        path = tmp_path / name
        noise = np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)
        cv2.imwrite(str(path), noise)
        return str(path)

    return write


@pytest.fixture
def ready(picture: Callable) -> Session:
    """One reference and one scene."""
    session, _ = actions.add_references(Session(), [picture('mug.png')])
    session, _ = actions.add_scenes(session, [picture('scene.png')])
    return session


def drawn(image: np.ndarray, box: tuple) -> dict:
    """What the widget gives when somebody draws a box."""
    return pictures.annotate(image, box)


# ---------------------------------------------------------------- files


def broken_files(folder: Path) -> dict[str, tuple[Path, str]]:
    """Files that are no use, with what is said of them."""
    frames = [Image.new('RGB', (40, 40), colour) for colour in ('red', 'blue')]
    frames[0].save(folder / 'moving.gif', save_all=True, append_images=frames[1:])
    Image.new('RGB', (1, 1)).save(folder / 'dot.png')
    (folder / 'text.jpg').write_text('this is no picture')
    (folder / 'empty.png').write_bytes(b'')
    Image.new('1', (10000, 6000)).save(folder / 'huge.png')
    whole = Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 60, 3), dtype=np.uint8))
    whole.save(folder / 'whole.png')
    (folder / 'cut.png').write_bytes((folder / 'whole.png').read_bytes()[:60])
    told = {
        'moving.gif': '2 frames',
        'dot.png': '1x1 pixels',
        'text.jpg': 'not a picture that can be read',
        'empty.png': 'not a picture that can be read',
        'huge.png': 'at most 50 million pixels',
        'cut.png': 'cut off',
    }
    return {name: (folder / name, text) for name, text in told.items()}


@pytest.mark.parametrize('name', ['moving.gif', 'dot.png', 'text.jpg', 'empty.png', 'huge.png', 'cut.png'])
def test_file_that_is_no_use_is_told_by_name_alone(tmp_path: Path, name: str) -> None:
    path, text = broken_files(tmp_path)[name]
    with pytest.raises(ValueError, match=text) as told:
        pictures.read_upload(path)
    assert str(told.value).startswith(name)
    assert str(tmp_path) not in str(told.value)


def test_good_files_are_added_beside_broken_ones(picture: Callable, tmp_path: Path) -> None:
    (tmp_path / 'text.jpg').write_text('no picture')
    session, problems = actions.add_scenes(Session(), [str(tmp_path / 'text.jpg'), picture('good.png')])
    assert [scene.name for scene in session.scenes] == ['good.png']
    assert len(problems) == 1


def test_names_of_scenes_are_told_apart(picture: Callable) -> None:
    session, _ = actions.add_scenes(Session(), [picture('a.png'), picture('a.png'), picture('a.png')])
    assert [scene.name for scene in session.scenes] == ['a.png', 'a (2).png', 'a (3).png']


def test_number_of_pictures_is_limited(ready: Session, picture: Callable) -> None:
    full = replace(ready, scenes=ready.scenes * MAX_PICTURES, references=ready.references * MAX_PICTURES)
    _, problems = actions.add_scenes(full, [picture('b.png')])
    assert 'b.png is left out' in problems[0]
    with pytest.raises(ValueError, match='remove one first'):
        actions.pick_from_scene(full, drawn(full.shown_scene.image, (10, 10, 40, 40)))


# ---------------------------------------------------------------- boxes


@pytest.mark.parametrize('shape', [(80, 100), (700, 640), (3000, 500)], ids=str)
def test_box_comes_back_as_it_was_drawn(shape: tuple[int, int]) -> None:
    image = np.zeros((*shape, 3), np.uint8)
    box = (10, 20, shape[1] - 10, shape[0] - 30)
    value = drawn(image, box)
    assert max(value['image'].shape) in (640, 700, 1024)
    assert pictures.read_box(value, image) == pytest.approx(box, abs=3000 / 1024)


def test_box_is_cut_at_the_border(ready: Session) -> None:
    image = ready.shown_scene.image
    value = drawn(image, (-20, -20, 50, 300))
    assert pictures.read_box(value, image) == pytest.approx((0, 0, 50, 80), abs=0.5)


@pytest.mark.parametrize('box', [(120, 10, 160, 40), (10, -50, 40, -10), (10, 10, 12, 12)], ids=str)
def test_box_outside_is_refused(ready: Session, box: tuple) -> None:
    with pytest.raises(ValueError, match='outside of the picture or has less than'):
        actions.draw_on_reference(ready, drawn(ready.shown_reference.img, box))


def test_box_of_another_picture_is_refused(ready: Session) -> None:
    with pytest.raises(ValueError, match='another picture'):
        actions.draw_on_reference(ready, drawn(np.zeros((50, 60, 3), np.uint8), (10, 10, 30, 30)))


def test_box_on_a_reference_is_kept_and_dropped(ready: Session) -> None:
    boxed = actions.draw_on_reference(ready, drawn(ready.shown_reference.img, (10, 20, 40, 60)))
    assert boxed.shown_reference.bbox == pytest.approx((10, 20, 40, 60), abs=0.5)
    assert actions.draw_on_reference(boxed, drawn(ready.shown_reference.img, None)).shown_reference.bbox is None


def test_showing_a_box_is_not_drawing_one(ready: Session) -> None:
    boxed = actions.draw_on_reference(ready, drawn(ready.shown_reference.img, (10.3, 20.7, 40.1, 60.2)))
    shown = pictures.annotate(boxed.shown_reference.img, boxed.shown_reference.bbox)
    assert actions.draw_on_reference(boxed, shown) is boxed


def test_this_one_here(ready: Session) -> None:
    named = actions.rename(ready, 'mug')
    picked = actions.pick_from_scene(named, drawn(ready.shown_scene.image, (10, 20, 40, 60)))
    assert len(picked.references) == 2
    assert picked.shown_reference.img is ready.shown_scene.image
    assert picked.shown_reference.name == 'mug'
    assert picked.shown_reference.bbox == pytest.approx((10, 20, 40, 60), abs=0.5)


@pytest.mark.parametrize(('scenes', 'text'), [(True, 'draw a box'), (False, 'drop one first')])
def test_this_one_here_needs_a_scene_and_a_box(ready: Session, scenes: bool, text: str) -> None:
    session = ready if scenes else Session()
    with pytest.raises(ValueError, match=text):
        actions.pick_from_scene(session, drawn(ready.shown_scene.image, None) if scenes else None)


# ---------------------------------------------------------------- references and scenes


@pytest.mark.parametrize('name', ['', '   ', 'x' * 61])
def test_name_must_be_one(ready: Session, name: str) -> None:
    with pytest.raises(ValueError, match='needs a name'):
        actions.rename(ready, name)


def test_removing_the_last_picture_leaves_none(ready: Session) -> None:
    assert actions.remove_reference(ready).shown_reference is None
    assert actions.remove_scene(ready).shown_scene is None


def test_removing_shows_a_neighbour(ready: Session, picture: Callable) -> None:
    session, _ = actions.add_scenes(ready, [picture('b.png'), picture('c.png')])
    session = actions.remove_scene(actions.select_scene(session, 2))
    assert session.shown_scene.name == 'b.png'


# ---------------------------------------------------------------- search


def test_search_needs_a_reference_and_a_scene(ready: Session, fake_inferencer: object) -> None:
    with pytest.raises(ValueError, match='no reference'):
        results.search(actions.remove_reference(ready), fake_inferencer)
    with pytest.raises(ValueError, match='no picture to search'):
        results.search(actions.remove_scene(ready), fake_inferencer)
    with pytest.raises(ValueError, match='all references say'):
        results.search(actions.set_negative(ready, True), fake_inferencer)


def test_only_what_has_changed_is_computed_again(ready: Session, fake_inferencer: object, picture: Callable) -> None:
    session = results.search(ready, fake_inferencer)
    session = results.search(session, fake_inferencer)
    assert (len(fake_inferencer.encoded), len(fake_inferencer.searches)) == (1, 1)
    session, _ = actions.add_scenes(session, [picture('b.png')])
    session = results.search(session, fake_inferencer)
    assert (len(fake_inferencer.encoded), len(fake_inferencer.searches)) == (1, 2)
    session = results.search(actions.set_keep_all(session, True), fake_inferencer)
    assert (len(fake_inferencer.encoded), len(fake_inferencer.searches)) == (1, 4)
    assert fake_inferencer.searches[-1]['keep_all']
    results.search(actions.rename(session, 'mug'), fake_inferencer)
    assert (len(fake_inferencer.encoded), len(fake_inferencer.searches)) == (2, 6)


def test_what_is_done_during_a_search_is_kept(ready: Session, fake_inferencer: object, picture: Callable) -> None:
    after = results.search(ready, fake_inferencer)
    added, _ = actions.add_scenes(ready, [picture('late.png')])
    kept = results.keep(added, ready, after)
    assert [scene.found is None for scene in kept.scenes] == [False, True]
    assert kept.bank is after.bank
    renamed = actions.rename(ready, 'mug')
    assert results.keep(renamed, ready, after) is renamed


def test_copies_of_a_desk_share_nothing(ready: Session) -> None:
    desk = Desk()
    other = copy.deepcopy(desk)
    assert desk.change(lambda _: ready)
    assert not desk.change(actions.rename, ready.shown_reference.name)
    assert desk.session is ready
    assert other.session.references == ()


def test_threshold_filters_what_is_found_already(ready: Session, fake_inferencer: object) -> None:
    session = results.search(ready, fake_inferencer)
    assert [results.count(session.shown_scene, thr, 1) for thr in (0.0, 0.5, 0.95)] == [[3], [2], [0]]
    many, none = results.draw(session, 0.0), results.draw(session, 0.95)
    assert many.shape == none.shape == (480, 600, 3)
    assert (many != none).any()
    assert len(fake_inferencer.searches) == 1


def test_summary_counts_by_category_and_escapes_names(ready: Session, fake_inferencer: object) -> None:
    session = actions.rename(ready, '<b>mug</b>')
    told = results.summarise(results.search(session, fake_inferencer), 0.5)
    assert '&lt;b&gt;mug&lt;/b&gt; <b>2</b>' in told
    assert '<b>mug' not in told


@pytest.mark.parametrize('thr', [0.0, 0.5, 0.95])
def test_export_has_what_is_above_the_threshold(ready: Session, fake_inferencer: object, thr: float) -> None:
    coco = json.loads(results.export(results.search(ready, fake_inferencer), thr))
    assert [image['file_name'] for image in coco['images']] == ['scene.png']
    assert all(row['score'] >= thr for row in coco['annotations'])
    assert len(coco['annotations']) == {0.0: 3, 0.5: 2, 0.95: 0}[thr]


def test_before_a_search_there_is_nothing_to_export(ready: Session) -> None:
    assert results.export(ready, 0.5) is None
    assert 'Not searched' in results.summarise(ready, 0.5)
    assert results.draw(Session(), 0.5) is None


def test_examples_are_ready_and_always_the_same(fake_inferencer: object) -> None:
    examples = make_examples()
    for example, again in zip(examples, make_examples(), strict=True):
        assert (example.picture == again.picture).all()
        assert example.credit
        names = [(reference.name, reference.negative) for reference in example.session.references]
        assert len(set(names)) == len(names)
        assert results.is_searched(results.search(example.session, fake_inferencer))


def test_real_model_searches_an_example(tmp_path: Path) -> None:
    cfg = Config.fromfile(CONFIG)
    torch.manual_seed(0)
    torch.save(MODELS.build(cfg.model).state_dict(), tmp_path / 'random.pth')
    inferencer = OneShotInferencer(cfg, str(tmp_path / 'random.pth'), device='cpu', show_progress=False)
    session = results.search(make_examples()[1].session, inferencer)
    assert results.is_searched(session)
    assert json.loads(results.export(session, 0.0))['categories'][1]['name'] == session.references[1].name
    assert results.draw(session, 0.0).shape[2] == 3


# ---------------------------------------------------------------- without gradio


@pytest.mark.parametrize('name', ['build_page', 'serve'])
def test_without_gradio_the_page_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    real = builtins.__import__

    def refuse(module: str, *args: object, **kwargs: object) -> object:
        if module == 'gradio' or module.startswith('gradio.'):
            raise ModuleNotFoundError("No module named 'gradio'", name='gradio')
        return real(module, *args, **kwargs)

    for module in [module for module in sys.modules if module.startswith('mmosis.web.')]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr(builtins, '__import__', refuse)
    with pytest.raises(ImportError, match=r"pip install -e '\.\[web\]'"):
        getattr(mmosis.web, name)
