"""What the buttons of the web page do, without a page."""

import builtins
import copy
import gc
import json
import re
import struct
import sys
import zlib
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
from mmosis.search import OneShotInferencer, images
from mmosis.web import page_images, results, session_holder
from mmosis.web import session as actions
from mmosis.web.examples import make_examples
from mmosis.web.session import MAX_IMAGES, MAX_USER_PIXELS, Session
from mmosis.web.session_holder import PixelBudget, SessionHolder

CONFIG = Path(__file__).parents[2] / 'configs' / 'demo' / 'siamese_mask_rcnn_demo_s1.py'


@pytest.fixture
def picture(tmp_path: Path) -> Callable[..., str]:
    """Write an image of noise: ``picture('a.png', height=80, width=100)``."""

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


def drawn(key: str, box: tuple | None) -> dict:
    """What the canvas gives when somebody draws a box on what has this key."""
    return dict(key=key, box=box and list(box))


def drawn_on_reference(session: Session, box: tuple | None) -> dict:
    return drawn(session.reference_key, box)


def drawn_on_scene(session: Session, box: tuple | None) -> dict:
    return drawn(session.shown_scene.key, box)


def search(session: Session, inferencer: object) -> Session:
    """Search to the end; nothing comes where all is searched already."""
    for step in results.search(session, inferencer):
        session = step
    return session


# ---------------------------------------------------------------- files


def broken_files(folder: Path) -> dict[str, tuple[Path, str]]:
    """Files that are no use, with what is said of them."""
    frames = [Image.new('RGB', (40, 40), colour) for colour in ('red', 'blue')]
    frames[0].save(folder / 'moving.webp', save_all=True, append_images=frames[1:])
    Image.new('RGB', (1, 1)).save(folder / 'dot.png')
    (folder / 'text.jpg').write_text('this is no image')
    (folder / 'empty.png').write_bytes(b'')
    Image.new('1', (10000, 6000)).save(folder / 'huge.png')
    whole = Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 60, 3), dtype=np.uint8))
    whole.save(folder / 'whole.png')
    (folder / 'cut.png').write_bytes((folder / 'whole.png').read_bytes()[:60])
    messages = {
        'moving.webp': '2 frames',
        'dot.png': '1x1 pixels',
        'text.jpg': 'not an image that can be read',
        'empty.png': 'not an image that can be read',
        'huge.png': 'at most 50 million pixels',
        'cut.png': 'cut off',
    }
    return {name: (folder / name, text) for name, text in messages.items()}


@pytest.mark.parametrize('name', ['moving.webp', 'dot.png', 'text.jpg', 'empty.png', 'huge.png', 'cut.png'])
def test_file_that_is_no_use_is_told_by_name_alone(tmp_path: Path, name: str) -> None:
    path, text = broken_files(tmp_path)[name]
    with pytest.raises(ValueError, match=text) as raised:
        page_images.read_upload(path)
    assert str(raised.value).startswith(name)
    assert str(tmp_path) not in str(raised.value)


@pytest.mark.parametrize('side', [8_000, 30_000, 2**31 - 1])
def test_picture_bomb_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, side: int
) -> None:
    def decode(*_: object) -> None:
        raise AssertionError('decoded')

    monkeypatch.setattr(images, 'decode_image', decode)
    monkeypatch.setattr(Image.Image, 'load', decode)
    header = struct.pack('>4sIIBBBBB', b'IHDR', side, side, 1, 0, 0, 0, 0)
    chunks = [header, b'IDAT' + zlib.compress(bytes(100)), b'IEND']
    parts = [struct.pack('>I', len(chunk) - 4) + chunk + struct.pack('>I', zlib.crc32(chunk)) for chunk in chunks]
    (tmp_path / 'bomb.png').write_bytes(b'\x89PNG\r\n\x1a\n' + b''.join(parts))
    for load in (images.load_image, page_images.load_reference):
        with pytest.raises(ValueError, match=r'bomb.png is too large: at most 50 million pixels'):
            page_images.read_upload(tmp_path / 'bomb.png', load=load)


def test_alpha_of_a_cutout_is_its_mask(tmp_path: Path) -> None:
    pixels = np.zeros((60, 80, 4), np.uint8)
    pixels[10:40, 20:60] = (10, 20, 30, 255)  # RGBA
    Image.fromarray(pixels).save(tmp_path / 'cut.png')
    Image.fromarray(pixels[..., :3]).save(tmp_path / 'whole.png')
    session, _ = actions.add_references(Session(), [str(tmp_path / 'cut.png'), str(tmp_path / 'whole.png')])
    cut, whole = (reference.load()[0] for reference in session.references)
    assert cut['ref_mask'].sum() == 30 * 40
    assert 'ref_mask' not in whole
    shown = page_images.show(session.references[0].img)
    scale = shown.shape[1] // 80
    assert shown[5 * scale, 5 * scale].tolist() == [255, 255, 255]  # RGB
    assert shown[20 * scale, 40 * scale].tolist() == [10, 20, 30]


def test_good_files_are_added_beside_broken_ones(picture: Callable, tmp_path: Path) -> None:
    (tmp_path / 'text.jpg').write_text('no image')
    session, problems = actions.add_scenes(Session(), [str(tmp_path / 'text.jpg'), picture('good.png')])
    assert [scene.name for scene in session.scenes] == ['good.png']
    assert len(problems) == 1


def test_names_of_scenes_are_told_apart(picture: Callable) -> None:
    session, _ = actions.add_scenes(Session(), [picture('a.png'), picture('a.png'), picture('a.png')])
    assert [scene.name for scene in session.scenes] == ['a.png', 'a (2).png', 'a (3).png']


def test_number_of_pictures_is_limited(ready: Session, picture: Callable) -> None:
    full = replace(ready, scenes=ready.scenes * MAX_IMAGES, references=ready.references * MAX_IMAGES)
    _, problems = actions.add_scenes(full, [picture('b.png')])
    assert 'b.png is not taken' in problems[0]
    with pytest.raises(ValueError, match='remove one first'):
        actions.use_as_reference(full, drawn_on_scene(full, (10, 10, 40, 40)))


def test_pixels_of_a_user_are_limited(ready: Session, picture: Callable) -> None:
    assert ready.num_pixels == 2 * 80 * 100
    paths = [picture('b.png'), picture('c.png')]
    session, problems = actions.add_scenes(ready, paths, max_pixels=ready.num_pixels + 80 * 100)
    assert [scene.name for scene in session.scenes] == ['scene.png', 'b.png']
    assert problems == ['c.png is not taken: there is no room for more images; remove some, or try again later']


def test_picture_that_is_used_twice_counts_once(ready: Session) -> None:
    picked = actions.use_as_reference(ready, drawn_on_scene(ready, (10, 20, 40, 60)))
    assert picked.num_pixels == ready.num_pixels


# ---------------------------------------------------------------- boxes


def test_box_is_cut_at_the_border(ready: Session) -> None:
    image = ready.shown_scene.image
    assert page_images.read_box(dict(box=(-20, -20, 50, 300)), image) == (0, 0, 50, 80)


@pytest.mark.parametrize('value', [None, {}, dict(box=None), 'box', [1, 2]], ids=str)
def test_no_box_is_none(ready: Session, value: object) -> None:
    assert page_images.read_box(value, ready.shown_scene.image) is None


@pytest.mark.parametrize('box', [(120, 10, 160, 40), (10, -50, 40, -10), (10, 10, 12, 12), (40, 10, 10, 40)], ids=str)
def test_box_outside_is_refused(ready: Session, box: tuple) -> None:
    with pytest.raises(ValueError, match='outside of the image or has less than'):
        actions.draw_on_reference(ready, drawn_on_reference(ready, box))


@pytest.mark.parametrize(
    'box', [(10, 20, 30), (10, None, 30, 40), ('a', 1, 2, 3), (float('nan'), 1, 20, 30), (0, 0, 1e300, 9)], ids=str
)
def test_box_must_be_four_numbers(ready: Session, box: tuple) -> None:
    with pytest.raises(ValueError, match='has not all its corners'):
        actions.draw_on_reference(ready, drawn_on_reference(ready, box))


def test_box_on_a_reference_is_kept_and_dropped(ready: Session) -> None:
    boxed = actions.draw_on_reference(ready, drawn_on_reference(ready, (10, 20, 40, 60)))
    assert boxed.shown_reference.bbox == (10, 20, 40, 60)
    assert actions.draw_on_reference(boxed, drawn_on_reference(boxed, None)).shown_reference.bbox is None


def test_box_of_a_reference_that_is_not_shown_is_nothing_new(ready: Session, picture: Callable) -> None:
    drawn_before = drawn_on_reference(ready, (10, 20, 40, 60))
    session, _ = actions.add_references(ready, [picture('b.png')])
    assert actions.draw_on_reference(session, drawn_before) is session


def test_showing_a_box_is_not_drawing_one(ready: Session) -> None:
    boxed = actions.draw_on_reference(ready, drawn_on_reference(ready, (10.3, 20.7, 40.1, 60.2)))
    assert actions.draw_on_reference(boxed, drawn_on_reference(boxed, boxed.shown_reference.bbox)) is boxed


def test_boxes_on_scenes_become_references(ready: Session, picture: Callable) -> None:
    session = actions.draw_on_scene(actions.rename(ready, 'mug'), drawn_on_scene(ready, (10, 20, 40, 60)))
    session, _ = actions.add_scenes(session, [picture('b.png')])  # another is shown now; the box is kept
    session = actions.draw_on_scene(session, drawn_on_scene(session, (5, 5, 25, 25)))
    picked = actions.pick_from_scenes(session)
    assert [reference.bbox for reference in picked.references] == [None, (10, 20, 40, 60), (5, 5, 25, 25)]
    assert [reference.name for reference in picked.references] == ['mug'] * 3
    assert picked.references[1].img is ready.shown_scene.image
    assert [scene.box for scene in picked.scenes] == [None, None]
    assert actions.pick_from_scenes(picked) is picked


def test_box_that_is_a_reference_already_is_no_second_one(ready: Session, fake_inferencer: object) -> None:
    box = drawn_on_scene(ready, (10, 20, 40, 60))
    searched = search(actions.use_as_reference(ready, box), fake_inferencer)
    late = actions.pick_from_scenes(actions.draw_on_scene(searched, box))  # its event comes after that of the button
    assert late.references is searched.references
    assert late.scenes[0].box is None
    assert results.is_searched(late)


def test_box_is_all_that_a_search_needs(ready: Session, fake_inferencer: object) -> None:
    session = actions.remove_reference(ready)
    session = actions.pick_from_scenes(actions.draw_on_scene(session, drawn_on_scene(session, (10, 20, 40, 60))))
    assert results.is_searched(search(session, fake_inferencer))
    assert [reference.bbox for reference in fake_inferencer.encoded] == [(10, 20, 40, 60)]


def test_box_of_a_scene_that_is_gone_is_nothing(ready: Session) -> None:
    gone = drawn_on_scene(ready, (10, 20, 40, 60))
    assert actions.draw_on_scene(actions.remove_scene(ready), gone).scenes == ()


def test_use_as_reference(ready: Session) -> None:
    picked = actions.use_as_reference(ready, drawn_on_scene(ready, (10, 20, 40, 60)))
    assert picked.shown_reference.bbox == (10, 20, 40, 60)
    assert picked.shown_reference.img is ready.shown_scene.image


@pytest.mark.parametrize(('scenes', 'text'), [(True, 'draw a box'), (False, 'drop one first')])
def test_use_as_reference_needs_a_scene_and_a_box(ready: Session, scenes: bool, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        actions.use_as_reference(ready if scenes else Session(), None)


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
        search(actions.remove_reference(ready), fake_inferencer)
    with pytest.raises(ValueError, match='no image to search'):
        search(actions.remove_scene(ready), fake_inferencer)
    with pytest.raises(ValueError, match='all references say'):
        search(actions.set_negative(ready, True), fake_inferencer)


def test_only_what_has_changed_is_computed_again(ready: Session, fake_inferencer: object, picture: Callable) -> None:
    session = search(ready, fake_inferencer)
    session = search(session, fake_inferencer)
    assert (len(fake_inferencer.encoded), len(fake_inferencer.searches)) == (1, 1)
    session, _ = actions.add_scenes(session, [picture('b.png')])
    session = search(session, fake_inferencer)
    assert (len(fake_inferencer.encoded), len(fake_inferencer.searches)) == (1, 2)
    session = search(actions.set_keep_all(session, True), fake_inferencer)
    assert (len(fake_inferencer.encoded), len(fake_inferencer.searches)) == (1, 4)
    assert fake_inferencer.searches[-1]['keep_all']
    search(actions.rename(session, 'mug'), fake_inferencer)
    assert (len(fake_inferencer.encoded), len(fake_inferencer.searches)) == (2, 6)


def test_search_goes_from_scene_to_scene(ready: Session, fake_inferencer: object, picture: Callable) -> None:
    session, _ = actions.add_scenes(ready, [picture('b.png'), picture('c.png')])
    steps = results.search(session, fake_inferencer)
    first = next(steps)
    assert [scene.found is not None for scene in first.scenes] == [True, False, False]
    steps.close()  # as when it is stopped
    assert len(fake_inferencer.searches) == 1
    rest = search(first, fake_inferencer)
    assert all(scene.found is not None for scene in rest.scenes)
    assert (len(fake_inferencer.encoded), len(fake_inferencer.searches)) == (1, 3)


def test_a_scene_of_several_views_is_told_and_stopped_view_by_view(ready: Session, fake_inferencer: object) -> None:
    fake_inferencer.views = 3
    steps = results.search(ready, fake_inferencer)
    looked = [next(steps), next(steps)]
    assert [results.describe_progress(step) for step in looked] == ['Searching, view 1/3', 'Searching, view 2/3']
    kept = results.keep(ready, looked[0])
    assert not results.is_searched(kept)
    assert kept.bank is looked[0].bank
    assert results.is_searched(next(steps))
    assert results.describe_progress(ready) == 'Searching'


def test_what_is_done_during_a_search_is_kept(ready: Session, fake_inferencer: object, picture: Callable) -> None:
    after = search(ready, fake_inferencer)
    added, _ = actions.add_scenes(ready, [picture('late.png')])
    marked = actions.draw_on_scene(actions.select_scene(added, 0), drawn_on_scene(ready, (10, 20, 40, 60)))
    kept = results.keep(marked, after)
    assert [scene.found is None for scene in kept.scenes] == [False, True]
    assert kept.scenes[0].box == (10, 20, 40, 60)
    assert kept.bank is after.bank
    renamed = actions.rename(ready, 'mug')
    assert results.keep(renamed, after) is renamed


def test_copies_of_a_desk_share_nothing_but_the_room(ready: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    holder = SessionHolder(PixelBudget())
    other = copy.deepcopy(holder)
    assert holder.change(lambda _: ready)
    assert not holder.change(actions.rename, ready.shown_reference.name)
    assert holder.session is ready
    assert other.session.references == ()
    assert other.max_pixels == MAX_USER_PIXELS
    monkeypatch.setattr(session_holder, 'MAX_SERVER_PIXELS', 20_000)
    assert (holder.max_pixels, other.max_pixels) == (20_000, 4_000)
    del holder
    gc.collect()
    assert other.max_pixels == 20_000


def test_search_ends_by_stopping_it_or_by_another() -> None:
    holder = SessionHolder(PixelBudget())
    holder.ask_search()
    first_goes_on = holder.start_search()
    assert first_goes_on()
    holder.ask_search()
    assert not first_goes_on()
    second_goes_on = holder.start_search()
    assert second_goes_on()
    holder.stop_search()
    assert not second_goes_on()


def test_search_that_was_stopped_while_it_waited_does_not_start() -> None:
    holder = SessionHolder(PixelBudget())
    holder.ask_search()
    holder.stop_search()
    assert not holder.start_search()()
    holder.ask_search()
    assert holder.start_search()()
    assert not holder.start_search()()  # nobody has asked for another
    assert not SessionHolder(PixelBudget()).start_search()()


def test_threshold_filters_what_is_found_already(ready: Session, fake_inferencer: object) -> None:
    session = search(ready, fake_inferencer)
    assert [results.count(session.shown_scene, thr, 1) for thr in (0.0, 0.5, 0.95)] == [[3], [2], [0]]
    many, none = results.draw(session, 0.0), results.draw(session, 0.95)
    assert many.shape == none.shape == (480, 600, 3)
    assert (many != none).any()
    assert len(fake_inferencer.searches) == 1


def test_summary_counts_by_category_and_escapes_names(ready: Session, fake_inferencer: object) -> None:
    session = actions.rename(ready, '<b>mug</b>')
    text = results.summarise(search(session, fake_inferencer), 0.5)
    assert '&lt;b&gt;mug&lt;/b&gt; <b>2</b>' in text
    assert '<b>mug' not in text
    assert re.search(r'searched in \d+\.\d\d s, at 640 pixels', text)


@pytest.mark.parametrize('thr', [0.0, 0.5, 0.95])
def test_export_has_what_is_above_the_threshold(ready: Session, fake_inferencer: object, thr: float) -> None:
    coco = json.loads(results.export(search(ready, fake_inferencer), thr))
    assert [image['file_name'] for image in coco['images']] == ['scene.png']
    assert all(row['score'] >= thr for row in coco['annotations'])
    assert len(coco['annotations']) == {0.0: 3, 0.5: 2, 0.95: 0}[thr]


def test_nothing_found_tells_the_best_score_and_what_to_try(ready: Session, fake_inferencer: object) -> None:
    session = search(ready, fake_inferencer)
    text = results.summarise(session, 0.95)
    assert 'Nothing has a score of 0.95: lower' in text
    assert 'best score 0.90' in text
    nothing = replace(session.shown_scene, found=session.shown_scene.found[:0])
    assert 'Nothing like it is here' in results.summarise(replace(session, scenes=(nothing,)), 0.5)


def test_summary_tells_how_many_are_searched(ready: Session, fake_inferencer: object, picture: Callable) -> None:
    session, _ = actions.add_scenes(ready, [picture('b.png')])
    first = actions.select_scene(next(results.search(session, fake_inferencer)), 0)
    assert '2 in all, 1 of 2 images searched' in results.summarise(first, 0.5)


def test_result_is_described_for_those_who_do_not_see_it(ready: Session, fake_inferencer: object) -> None:
    assert results.describe(Session(), 0.5) == ''
    assert results.describe(ready, 0.5) == 'scene.png, not searched yet'
    session = search(actions.rename(ready, 'mug'), fake_inferencer)
    text = 'scene.png, searched for mug; found with a score of at least 0.50: 2 mug'
    assert results.describe(session, 0.5) == text


def test_before_a_search_there_is_nothing_to_export(ready: Session) -> None:
    assert results.export(ready, 0.5) is None
    assert 'Not searched' in results.summarise(ready, 0.5)
    assert results.draw(Session(), 0.5) is None


def test_examples_are_ready_and_always_the_same(fake_inferencer: object) -> None:
    examples = make_examples()
    for example, again in zip(examples, make_examples(), strict=True):
        assert (example.image == again.image).all()
        assert example.credit
        names = [(reference.name, reference.negative) for reference in example.session.references]
        assert len(set(names)) == len(names)
        assert results.is_searched(search(example.session, fake_inferencer))


def test_real_model_searches_an_example(tmp_path: Path) -> None:
    cfg = Config.fromfile(CONFIG)
    torch.manual_seed(0)
    torch.save(MODELS.build(cfg.model).state_dict(), tmp_path / 'random.pth')
    inferencer = OneShotInferencer(cfg, str(tmp_path / 'random.pth'), device='cpu', show_progress=False)
    session = search(make_examples()[1].session, inferencer)
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
