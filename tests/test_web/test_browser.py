"""The web page as a person uses it: a real browser without a screen."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import cv2
import numpy as np
import pytest
from tools_runner import free_port

from mmosis.web.session_holder import SessionHolder

CHROMIUM = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None)
if CHROMIUM is None:
    pytest.skip('no chromium, chromium-browser or google-chrome in PATH', allow_module_level=True)
pytest.importorskip('gradio', reason='the page needs gradio: extra web')
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

    def open_page(size: tuple[int, int] = DESKTOP, **options: object) -> object:
        contexts.append(browser.new_context(viewport=dict(width=size[0], height=size[1]), **options))
        page = contexts[-1].new_page()
        page.set_default_timeout(60_000)  # a busy machine
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


def _add(page: object, part: str, *paths: Path) -> None:
    shown = page.locator(f'#{part} img').count()
    page.locator(f'#add-{part} input[type=file]').set_input_files(paths)
    page.locator(f'#{part} img').nth(shown + len(paths) - 1).wait_for()
    if part == 'references':
        page.locator('#reference-box .stage').wait_for()  # it has a size once it has an image


def _open_scene_canvas(page: object) -> None:
    page.get_by_role('tab', name='This one here').click()
    page.locator('#scene-box .stage').wait_for()


def _area(page: object, canvas: str) -> dict[str, float]:
    """Where the image of a canvas lies, once it is loaded and nothing moves it any more."""
    page.wait_for_function(
        'image => { const e = document.querySelector(image); return e.complete && e.naturalWidth }',
        arg=f'{canvas} .stage img',
    )
    stage = page.locator(f'{canvas} .stage')
    stage.hover(trial=True)
    return stage.bounding_box()


def _draw(page: object, canvas: str, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw a box by the mouse, from and to fractions of the image."""
    _drag(page, _area(page, canvas), start, end)


def _drag(page: object, area: dict[str, float], start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(area['x'] + start[0] * area['width'], area['y'] + start[1] * area['height'])
    page.mouse.down()
    page.mouse.move(area['x'] + end[0] * area['width'], area['y'] + end[1] * area['height'], steps=5)
    page.mouse.up()


def _corners(page: object, canvas: str) -> list[str]:
    return [field.input_value() for field in page.locator(f'{canvas} input').all()]


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


def test_browser_keeps_nothing(visit) -> None:
    page = visit()
    _click_example(page)
    page.wait_for_timeout(500)
    assert page.evaluate('[Object.keys(localStorage), Object.keys(sessionStorage)]') == [[], []]
    assert page.evaluate('indexedDB.databases().then(databases => databases.length)') == 0
    page.reload()
    page.get_by_text('Drop an image to search').wait_for()
    assert page.locator('#references img').count() == 0


def test_box_on_the_scene_is_searched_for(visit, shared_inferencer, tmp_path: Path) -> None:
    page = visit()
    _add(page, 'scenes', _write_scene(tmp_path))
    _open_scene_canvas(page)
    page.get_by_text('No box yet.').wait_for()
    _draw(page, '#scene-box', (0.25, 0.25), (0.5, 0.75))
    page.get_by_text('A box of 100 × 100 pixels.').wait_for()
    page.locator('#search').click()
    _wait_for_counts(page, 2)
    assert page.locator('#result img').is_visible()  # from the other tab
    assert shared_inferencer.encoded[-1].bbox == pytest.approx((100, 50, 200, 150), abs=4)
    assert page.locator('#references img').count() == 1
    assert _corners(page, '#reference-box') == [f'{value:.0f}' for value in shared_inferencer.encoded[-1].bbox]


def test_box_on_the_scene_is_used_as_a_reference(visit, shared_inferencer, tmp_path: Path) -> None:
    page = visit()
    _add(page, 'scenes', _write_scene(tmp_path))
    _open_scene_canvas(page)
    _draw(page, '#scene-box', (0.25, 0.25), (0.5, 0.75))
    page.locator('#pick').click()
    page.locator('#references img').wait_for()
    page.locator('#reference-name').locator('input, textarea').fill('mug')
    page.locator('#search').click()
    _wait_for_counts(page, 2)
    assert page.locator('#summary .chip').inner_text().split()[0] == 'mug'
    reference = shared_inferencer.encoded[-1]
    assert reference.name == 'mug'
    assert reference.bbox == pytest.approx((100, 50, 200, 150), abs=4)


def test_box_on_each_of_two_references(visit, shared_inferencer, tmp_path: Path) -> None:
    page = visit()
    scene = _write_scene(tmp_path)
    _add(page, 'scenes', scene)
    _add(page, 'references', scene)
    page.get_by_text('No box: the whole image is the reference.').wait_for()
    _draw(page, '#reference-box', (0.25, 0.25), (0.5, 0.75))
    page.get_by_text('A box of 100 × 100 pixels.').wait_for()
    _add(page, 'references', scene)
    page.get_by_text('No box: the whole image is the reference.').wait_for()
    _draw(page, '#reference-box', (0.5, 0.5), (0.75, 1))
    page.locator('#reference-negative input').click()
    page.locator('#references .caption-label', has_text='not: object').wait_for()
    page.locator('#search').click()
    _wait_for_counts(page, 2)
    wanted, negative = shared_inferencer.encoded[-2:]
    assert (wanted.negative, negative.negative) == (False, True)
    assert wanted.bbox == pytest.approx((100, 50, 200, 150), abs=4)
    assert negative.bbox == pytest.approx((200, 100, 300, 200), abs=4)


def test_box_is_not_judged_while_it_is_drawn(visit, tmp_path: Path) -> None:
    page = visit()
    _add(page, 'references', _write_scene(tmp_path))
    events = []
    page.on('request', lambda request: events.append(request.url) if 'queue/join' in request.url else None)
    page.evaluate(
        """() => { window.toasts = 0; new MutationObserver(() => {
            window.toasts += document.querySelectorAll('.toast-body').length; }).observe(document.body,
            { childList: true, subtree: true }); }"""
    )
    area = _area(page, '#reference-box')
    page.mouse.move(area['x'] + 2, area['y'] + 2)
    page.mouse.down()
    for x, y in ((3, 3), (4, 3), (-200, -200), (area['width'] + 300, 5), (area['width'] / 2, area['height'] / 2)):
        page.mouse.move(area['x'] + x, area['y'] + y, steps=3)
        page.wait_for_timeout(150)
    assert events == []
    page.mouse.up()
    page.get_by_text('A box of 1').wait_for()
    _wait_until(page, lambda: events)
    page.wait_for_timeout(500)
    assert len(events) == 1
    page.mouse.click(area['x'] + 20, area['y'] + 20)  # a click is no box
    page.wait_for_timeout(300)
    assert len(events) == 1
    assert page.evaluate('window.toasts') == 0


def test_box_is_of_the_picture_on_which_it_is_drawn(visit, tmp_path: Path) -> None:
    """Another image that comes meanwhile is shown, and takes no box of the one before."""
    page = visit()
    scene, other = _write_scene(tmp_path), tmp_path / 'other.png'
    cv2.imwrite(str(other), 255 - cv2.imread(str(scene)))
    _add(page, 'references', scene)
    area, picture = _area(page, '#reference-box'), page.locator('#reference-box .stage img')
    page.mouse.move(area['x'] + 20, area['y'] + 20)
    page.mouse.down()
    page.mouse.move(area['x'] + 120, area['y'] + 120)
    page.get_by_text('A box of').wait_for()
    before = picture.get_attribute('src')
    _add(page, 'references', other)
    page.get_by_text('No box: the whole image is the reference.').wait_for()
    page.mouse.move(area['x'] + 150, area['y'] + 150)
    page.mouse.up()
    assert picture.get_attribute('src') != before
    assert _corners(page, '#reference-box') == [''] * 4


def test_box_is_not_drawn_before_its_picture_is_loaded(visit, tmp_path: Path) -> None:
    """The one before is seen until then."""
    page = visit()
    scene, other = _write_scene(tmp_path), tmp_path / 'other.png'
    cv2.imwrite(str(other), 255 - cv2.imread(str(scene)))
    _add(page, 'references', scene)
    area, held = _area(page, '#reference-box'), []
    page.route('**/image.jpeg', lambda route, request: held.append(route))
    _add(page, 'references', other)
    _wait_until(page, lambda: held)
    _drag(page, area, (0.25, 0.25), (0.5, 0.75))
    assert _corners(page, '#reference-box') == [''] * 4
    held[0].continue_()
    _draw(page, '#reference-box', (0.25, 0.25), (0.5, 0.75))
    page.get_by_text('A box of 100 × 100 pixels.').wait_for()


def test_box_is_resized_by_its_corner(visit, tmp_path: Path) -> None:
    page = visit()
    _add(page, 'references', _write_scene(tmp_path))
    _draw(page, '#reference-box', (0.25, 0.25), (0.5, 0.5))
    _draw(page, '#reference-box', (0.5, 0.5), (0.75, 0.75))
    corners = [float(corner) for corner in _corners(page, '#reference-box')]
    assert corners == pytest.approx([100, 50, 300, 150], abs=4)


def test_box_is_drawn_and_moved_by_keys(visit, shared_inferencer, tmp_path: Path) -> None:
    page = visit()
    _add(page, 'scenes', _write_scene(tmp_path))
    page.get_by_role('tab', name='Result').focus()
    page.keyboard.press('Tab')
    page.keyboard.press('Enter')
    stage = page.locator('#scene-box .stage')
    stage.wait_for()
    for _ in range(20):
        if stage.evaluate('element => element === document.activeElement'):
            break
        page.keyboard.press('Tab')
    page.keyboard.press('Enter')
    assert _corners(page, '#scene-box') == ['100', '50', '300', '150']
    for key in ('ArrowLeft', 'ArrowLeft', 'ArrowDown', 'Shift+ArrowRight', 'Shift+ArrowUp'):
        page.keyboard.press(key)
    assert _corners(page, '#scene-box') == ['92', '54', '296', '150']
    for _ in range(40):
        page.keyboard.press('ArrowUp')
    assert _corners(page, '#scene-box') == ['92', '0', '296', '96']  # at the border
    page.locator('#search').focus()
    page.keyboard.press('Enter')
    _wait_for_counts(page, 2)
    assert shared_inferencer.encoded[-1].bbox == (92, 0, 296, 96)


def test_box_is_removed_by_a_key(visit, tmp_path: Path) -> None:
    page = visit()
    _add(page, 'references', _write_scene(tmp_path))
    page.locator('#reference-box .stage').focus()
    page.keyboard.press('Enter')
    page.get_by_text('A box of 200 × 100 pixels.').wait_for()
    page.keyboard.press('Delete')
    page.get_by_text('No box: the whole image is the reference.').wait_for()
    assert _corners(page, '#reference-box') == [''] * 4


def test_box_is_typed(visit, shared_inferencer, tmp_path: Path) -> None:
    page = visit()
    scene = _write_scene(tmp_path)
    _add(page, 'scenes', scene)
    _add(page, 'references', scene)
    fields = page.locator('#reference-box input')
    for number, value in enumerate(('40', '20', '30', '999')):
        fields.nth(number).fill(value)
    fields.nth(3).press('Tab')
    page.get_by_text('x2 must be more than x1').wait_for()
    page.locator('#search').click()
    page.get_by_text('outside of the image or has less than 4 pixels').wait_for()
    fields.nth(2).fill('140')
    page.locator('#search').click()
    _wait_for_counts(page, 2)
    assert shared_inferencer.encoded[-1].bbox == (40, 20, 140, 200)  # cut at the border
    fields.nth(0).fill('')
    fields.nth(0).press('Enter')
    page.get_by_text('A box has four corners').wait_for()
    page.locator('#reference-box button').click()
    page.get_by_text('No box: the whole image is the reference.').wait_for()


@pytest.fixture
def stops(monkeypatch: pytest.MonkeyPatch) -> list[SessionHolder]:
    """Sessions whose search the server has stopped: the page shows a stop before the server knows of it."""
    stopped, stop_search = [], SessionHolder.stop_search

    def stop(holder: SessionHolder) -> None:
        stop_search(holder)
        stopped.append(holder)

    monkeypatch.setattr(SessionHolder, 'stop_search', stop)
    return stopped


def test_search_shows_progress_and_can_be_stopped(visit, shared_inferencer, stops: list, tmp_path: Path) -> None:
    page = visit()
    scene = _write_scene(tmp_path)
    _add(page, 'scenes', scene, scene, scene)
    _open_scene_canvas(page)
    _draw(page, '#scene-box', (0.25, 0.25), (0.5, 0.75))
    asked = len(shared_inferencer.searches)
    shared_inferencer.gate.clear()
    try:
        page.locator('#search').click()
        page.locator('#result .progress-level-inner', has_text='Searching').wait_for()  # seen from the other tab
        _wait_until(page, lambda: len(shared_inferencer.searches) == asked + 1)
        page.locator('#stop').click()
        page.locator('#result .progress-level-inner').wait_for(state='detached')
        _wait_until(page, lambda: stops)
    finally:
        shared_inferencer.gate.set()
    page.wait_for_timeout(1000)
    assert len(shared_inferencer.searches) == asked + 1  # of three
    page.locator('#search').click()
    page.get_by_text('6 in all, 3 of 3 images searched').wait_for()
    assert len(shared_inferencer.searches) <= asked + 4
    assert page.locator('.toast-body').count() == 0


def test_search_during_a_search_takes_what_is_new(visit, shared_inferencer, tmp_path: Path) -> None:
    page = visit()
    scene = _write_scene(tmp_path)
    _add(page, 'scenes', scene, scene)
    asked = len(shared_inferencer.searches)
    shared_inferencer.gate.clear()
    try:
        for start, end in (((0.1, 0.1), (0.4, 0.5)), ((0.5, 0.1), (0.8, 0.5))):
            _open_scene_canvas(page)
            page.get_by_text('No box yet.').wait_for()
            _draw(page, '#scene-box', start, end)
            page.locator('#search').click()
            _wait_until(page, lambda: len(shared_inferencer.searches) == asked + 1)
            page.locator('#result').wait_for()
    finally:
        shared_inferencer.gate.set()
    page.get_by_text('4 in all, 2 of 2 images searched').wait_for()
    assert len(shared_inferencer.searches[-1]['bank'].entries) == 2


def _wait_until(page: object, happens: Callable[[], bool]) -> None:
    for _ in range(600):  # half a minute, for a busy machine
        if happens():
            return
        page.wait_for_timeout(50)
    raise AssertionError('it did not happen')


def test_search_of_someone_else_is_waited_for_and_can_be_stopped(visit, shared_inferencer, stops: list) -> None:
    one, other = visit(), visit()
    shared_inferencer.gate.clear()
    asked = len(shared_inferencer.searches)
    try:
        one.locator('#examples button').first.click()
        _wait_until(one, lambda: len(shared_inferencer.searches) == asked + 1)
        other.locator('#examples button').first.click()
        queue = other.locator('#result .progress-text', has_text='queue')
        queue.wait_for()
        other.locator('#stop').click()
        queue.wait_for(state='detached')
        _wait_until(other, lambda: stops)
        other.get_by_text('Not searched yet.').wait_for()
    finally:
        shared_inferencer.gate.set()
    _wait_for_counts(one, 2)
    other.wait_for_timeout(500)
    assert len(shared_inferencer.searches) == asked + 1
    other.locator('#search').click()
    _wait_for_counts(other, 2)


def test_pictures_have_alternative_texts(visit) -> None:
    page = visit()
    _click_example(page, 1)
    _wait_for_counts(page, 1, 1)
    names = [chip.inner_text().split()[0] for chip in page.locator('#summary .chip').all()]
    text = page.locator('#result img').get_attribute('alt')
    assert f'searched for {", ".join(names)}; found with a score of at least 0.50: 1 {names[0]}, 1 {names[1]}' in text
    alts = page.evaluate('[...document.querySelectorAll("img")].map(image => image.alt)')
    assert all(alts)


CONTRASTS = """() => {
  const parse = colour => (colour.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const over = (top, below) => {
    const alpha = top.length > 3 ? top[3] : 1;
    return [0, 1, 2].map(i => alpha * top[i] + (1 - alpha) * below[i]);
  };
  const light = colour => {
    const [r, g, b] = colour.map(c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = element => {
    const own = parse(getComputedStyle(element).backgroundColor);
    if (own.length < 4) return own;
    return over(own, element.parentElement ? behind(element.parentElement) : [255, 255, 255]);
  };
  const found = {};
  const measure = (element, text, colour) => {
    const area = element.getBoundingClientRect(), style = getComputedStyle(element);
    if (!area.width || !area.height || style.visibility === 'hidden' || element.closest(':disabled')) return;
    const back = behind(element), [a, b] = [light(over(parse(colour), back)), light(back)];
    found[text.slice(0, 40)] = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, text = walker.currentNode.textContent.trim();
    if (!text || ['SCRIPT', 'STYLE', 'NOSCRIPT'].includes(element.tagName)) continue;
    if (getComputedStyle(element).fontSize !== '0px') measure(element, text, getComputedStyle(element).color);
  }
  for (const element of document.body.querySelectorAll('*')) {
    const after = getComputedStyle(element, '::after');
    if (after.content.length > 3) measure(element, after.content.replaceAll('"', ''), after.color);
  }
  return found;
}"""


@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_text_is_told_from_what_is_behind_it(visit, scheme: str) -> None:
    page = visit()
    page.emulate_media(color_scheme=scheme)
    page.reload()
    page.locator('#examples img').first.wait_for()
    _click_example(page)
    contrasts = dict(page.evaluate(CONTRASTS))
    page.get_by_role('tab', name='This one here').click()
    page.get_by_text('No box yet.').wait_for()
    contrasts |= page.evaluate(CONTRASTS)
    hints = {'Drop images here, or click', 'No box yet.', 'One image or several.', 'Score at least', 'tomato'}
    assert hints <= set(contrasts)
    assert {text: round(ratio, 2) for text, ratio in contrasts.items() if ratio < 4.5} == {}
    dark = page.evaluate('document.body.classList.contains("dark")')
    assert dark == (scheme == 'dark')


def test_what_does_not_work_is_told(visit, tmp_path: Path) -> None:
    page = visit()
    page.locator('#search').click()
    page.get_by_text('there is no reference').wait_for()
    (tmp_path / 'text.jpg').write_text('this is no image')
    page.locator('#add-scenes input[type=file]').set_input_files(tmp_path / 'text.jpg')
    page.get_by_text('text.jpg is not an image that can be read').wait_for()
    (tmp_path / 'large.png').write_bytes(bytes(2**20 + 2**18))
    page.locator('#add-references input[type=file]').set_input_files(tmp_path / 'large.png')
    page.get_by_text('maximum allowed size').wait_for()
    paths = [tmp_path / f'{number}.png' for number in range(17)]
    for path in paths:
        path.write_bytes(bytes(2**20 - 2**10))
    page.locator('#add-references input[type=file]').set_input_files(paths)
    page.get_by_text('what one browser may upload in 10 minutes').wait_for()
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


def test_box_is_drawn_by_a_finger(visit, tmp_path: Path) -> None:
    page = visit(PHONE, has_touch=True, is_mobile=True)
    _add(page, 'references', _write_scene(tmp_path))
    area = _area(page, '#reference-box')
    finger = page.context.new_cdp_session(page)
    before = page.evaluate('scrollY')
    for event, fraction in (('touchStart', 0.25), ('touchMove', 0.4), ('touchMove', 0.75), ('touchEnd', None)):
        place = dict(x=area['x'] + (fraction or 0) * area['width'], y=area['y'] + (fraction or 0) * area['height'])
        finger.send('Input.dispatchTouchEvent', dict(type=event, touchPoints=[place] if fraction else []))
    page.get_by_text('A box of 2').wait_for()
    assert [float(corner) for corner in _corners(page, '#reference-box')] == pytest.approx([100, 50, 300, 150], abs=4)
    assert page.evaluate('scrollY') == before
