"""The web page as a person uses it: a real browser without a screen."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import cv2
import numpy as np
import pytest
from tools_runner import free_port

CHROMIUM = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None)
if CHROMIUM is None:
    pytest.skip('no chromium, chromium-browser or google-chrome in PATH', allow_module_level=True)
pytest.importorskip('gradio', reason='the page needs gradio: extra web')
pytest.importorskip('gradio_image_annotation', reason='the page needs gradio_image_annotation: extra web')
playwright = pytest.importorskip('playwright.sync_api', reason='the browser is driven by playwright: extra test')

DESKTOP, PHONE = (1280, 900), (390, 844)


@pytest.fixture(scope='module')
def address(shared_inferencer: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a page that runs for all tests of this file."""
    from mmosis.web.page import build_page
    from mmosis.web.server import launch

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('GRADIO_TEMP_DIR', str(tmp_path_factory.mktemp('uploads')))
        page = build_page(shared_inferencer)
        yield launch(page, '127.0.0.1', free_port(), max_upload_mb=1)
        page.close()


@pytest.fixture(scope='module')
def browser() -> Iterator[object]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=['--no-sandbox'])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: object, address: str) -> Iterator:
    """Open the page as somebody else; scripts may not fail, and nothing is fetched from elsewhere."""
    contexts, problems = [], []

    def open_page(size: tuple[int, int] = DESKTOP) -> object:
        contexts.append(browser.new_context(viewport=dict(width=size[0], height=size[1])))
        page = contexts[-1].new_page()
        page.set_default_timeout(15_000)
        page.on('pageerror', lambda error: problems.append(str(error)))
        page.on('request', lambda request: problems.append(request.url) if _is_outside(request.url, address) else None)
        page.goto(address)
        page.locator('#search').wait_for()
        page.locator('#examples img').first.wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not problems


def _is_outside(url: str, address: str) -> bool:
    return not url.startswith((address, 'data:', 'blob:'))


def _click_example(page: object, number: int = 0) -> None:
    page.locator('#examples button').nth(number).click()
    page.locator('#summary .chip').first.wait_for()


def _wait_for_counts(page: object, *counts: int) -> None:
    page.wait_for_function(
        'counts => [...document.querySelectorAll("#summary .chip b")].map(e => +e.textContent).join() === counts',
        arg=','.join(map(str, counts)),
    )


def _write_scene(folder: Path) -> Path:
    path = folder / 'shelf.png'
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 255, (200, 400, 3), dtype=np.uint8))
    return path


def _draw(page: object, canvas: str, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw a box by the mouse, from and to shares of the canvas."""
    canvas = page.locator(canvas)
    canvas.scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # the canvas takes its size after it is shown
    area = canvas.bounding_box()
    page.mouse.move(area['x'] + start[0] * area['width'], area['y'] + start[1] * area['height'])
    page.mouse.down()
    page.mouse.move(area['x'] + end[0] * area['width'], area['y'] + end[1] * area['height'], steps=5)
    page.mouse.up()


def test_example_is_found_filtered_and_downloaded(visit, shared_inferencer, tmp_path: Path) -> None:
    page = visit()
    _click_example(page)
    _wait_for_counts(page, 2)
    page.locator('#result img').wait_for()
    asked = len(shared_inferencer.searches), len(shared_inferencer.encoded)
    drawn = page.locator('#result img').get_attribute('src')
    slider = page.locator('#threshold input[type=range]')
    slider.focus()
    for _ in range(15):
        slider.press('ArrowRight')
    _wait_for_counts(page, 1)
    page.wait_for_function('old => document.querySelector("#result img").src !== old', arg=drawn)
    assert (len(shared_inferencer.searches), len(shared_inferencer.encoded)) == asked
    with page.expect_download() as download:
        page.locator('#download').click()
    download.value.save_as(tmp_path / 'found.json')
    coco = json.loads((tmp_path / 'found.json').read_text())
    assert [row['score'] for row in coco['annotations']] == [0.9]
    assert len(coco['images']) == 1


def test_box_in_the_scene_becomes_a_reference(visit, shared_inferencer, tmp_path: Path) -> None:
    page = visit()
    page.locator('#add-scenes input[type=file]').set_input_files(_write_scene(tmp_path))
    page.locator('#scenes img').wait_for()
    page.get_by_role('tab', name='This one here').click()
    _draw(page, '#scene-box canvas', (0.25, 0.25), (0.5, 0.75))
    page.locator('#pick').click()
    page.locator('#references img').wait_for()
    page.locator('#reference-name').locator('input, textarea').fill('mug')
    page.locator('#search').click()
    _wait_for_counts(page, 2)
    assert page.locator('#summary .chip').inner_text().split()[0] == 'mug'
    reference = shared_inferencer.encoded[-1]
    assert reference.name == 'mug'
    assert reference.bbox == pytest.approx((100, 50, 200, 150), abs=4)


def test_box_on_a_reference_and_not_like_this(visit, shared_inferencer, tmp_path: Path) -> None:
    page = visit()
    scene = _write_scene(tmp_path)
    page.locator('#add-scenes input[type=file]').set_input_files(scene)
    page.locator('#scenes img').wait_for()
    page.locator('#add-references input[type=file]').set_input_files([scene, scene])
    page.locator('#references img').nth(1).wait_for()
    _draw(page, '#reference-box canvas', (0.5, 0.5), (0.75, 1))
    page.locator('#reference-negative input').click()
    page.locator('#references .caption-label', has_text='not: object').wait_for()
    page.locator('#search').click()
    _wait_for_counts(page, 2)
    wanted, negative = shared_inferencer.encoded[-2:]
    assert (wanted.negative, wanted.bbox, negative.negative) == (False, None, True)
    assert negative.bbox == pytest.approx((200, 100, 300, 200), abs=4)


def test_what_does_not_work_is_told(visit, tmp_path: Path) -> None:
    page = visit()
    page.locator('#search').click()
    page.get_by_text('there is no reference').wait_for()
    (tmp_path / 'text.jpg').write_text('this is no picture')
    page.locator('#add-scenes input[type=file]').set_input_files(tmp_path / 'text.jpg')
    page.get_by_text('text.jpg is not a picture that can be read').wait_for()
    (tmp_path / 'large.png').write_bytes(bytes(2**20 + 2**18))
    page.locator('#add-references input[type=file]').set_input_files(tmp_path / 'large.png')
    page.get_by_text('maximum allowed size').wait_for()
    assert page.get_by_text('Traceback').count() == 0


def test_taken_port_is_told(address: str, fake_inferencer: object) -> None:
    from mmosis.web.page import build_page
    from mmosis.web.server import launch

    port = int(address.rstrip('/').rsplit(':', 1)[1])
    with pytest.raises(OSError, match=f'cannot listen at 127.0.0.1:{port}'):
        launch(build_page(fake_inferencer), '127.0.0.1', port, max_upload_mb=1)


@pytest.mark.parametrize('file', ['/etc/passwd', str(Path(__file__))])
def test_no_other_file_is_given_out(address: str, file: str) -> None:
    with pytest.raises(HTTPError, match='403'):
        urlopen(f'{address}gradio_api/file={file}')


def test_two_people_do_not_meet(visit) -> None:
    one, other = visit(), visit()
    _click_example(one, 1)
    other.locator('#search').click()
    other.get_by_text('there is no reference').wait_for()
    assert other.locator('#references img').count() == 0
    _click_example(other, 2)
    _wait_for_counts(one, 1, 1)
    _wait_for_counts(other, 2)


def test_phone_has_one_column_and_nothing_is_cut_off(visit) -> None:
    page = visit(PHONE)
    _click_example(page)
    assert page.evaluate('document.documentElement.scrollWidth') == PHONE[0]
    boxes = [card.bounding_box() for card in page.locator('.card').all()]
    assert {(box['x'], box['width']) for box in boxes} == {(boxes[0]['x'], boxes[0]['width'])}
    assert boxes[0]['x'] >= 0
    assert boxes[0]['x'] + boxes[0]['width'] <= PHONE[0]
