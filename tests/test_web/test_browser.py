"""The web page as a person uses it: a real browser without a screen, the server, and a stand-in for the model."""

import io
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from page_inferencer import PageInferencer
from page_user import SIDE, PageUser, write_scene
from pycocotools.coco import COCO
from web_server import served

CHROMIUM = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None)
if CHROMIUM is None:
    pytest.skip('no chromium, chromium-browser or google-chrome in PATH', allow_module_level=True)
pytest.importorskip('starlette', reason='the page needs starlette: extra web')
playwright = pytest.importorskip('playwright.sync_api', reason='the browser is driven by playwright: extra test')

DESKTOP, PHONE = (1280, 800), (390, 844)
REDS = [(20, 20), (120, 20), (220, 20)]
PASSES_FOR_RED, MISSED, BLUE_ONE = (20, 120), (120, 120), (220, 120)


@pytest.fixture(scope='module')
def inferencer() -> PageInferencer:
    return PageInferencer()


@pytest.fixture(scope='module')
def address(inferencer: PageInferencer) -> Iterator[str]:
    """Address of a server that runs for all tests of this file."""
    with served(_make_app(inferencer)) as address:
        yield address


def _make_app(inferencer: object, **options: object) -> object:
    from mmosis.search.service import SearchService
    from mmosis.web.app import make_app

    return make_app(SearchService(inferencer), max_upload_mb=1, **options)


@pytest.fixture(scope='module')
def browser() -> Iterator[object]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=['--no-sandbox', '--disable-gpu'])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: object, address: str) -> Iterator[Callable[..., PageUser]]:
    """Open the page as somebody else; scripts may not fail, and nothing is fetched from elsewhere."""
    contexts, problems = [], []

    def watch(page: object, at: str) -> None:
        page.set_default_timeout(30_000)  # a busy machine
        page.on('pageerror', lambda error: problems.append(str(error)))
        page.on('console', lambda line: problems.append(line.text) if _is_problem(line) else None)
        page.on(
            'request',
            lambda request: None if request.url.startswith((at, 'data:', 'blob:')) else problems.append(request.url),
        )

    def open_page(size: tuple[int, int] = DESKTOP, at: str = address, **options: object) -> PageUser:
        contexts.append(browser.new_context(viewport=dict(width=size[0], height=size[1]), **options))
        page = contexts[-1].new_page()
        watch(page, at)
        page.goto(at)
        page.locator('body[data-ready]').wait_for()
        return PageUser(page)

    yield open_page
    for context in contexts:
        context.close()
    assert not problems


def _is_problem(line: object) -> bool:
    # What the server refuses is a line of the console too; the page says it in a sentence.
    return line.type in ('error', 'warning') and not line.text.startswith('Failed to load resource')


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    return write_scene(tmp_path / 'scene.png')


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of 20 images, two of them in another folder, and two files that are no images."""
    root = tmp_path / 'photos'
    for number in range(20):
        write_scene(root / ('more' if number > 17 else '') / f'{number:02}.png', shift=number)
    (root / 'notes.txt').write_text('no image')
    (root / '.hidden.png').write_text('no image either')
    return root


def _boxed(visit: Callable, scene: Path) -> PageUser:
    """Somebody who has drawn a box around the first red square."""
    user = visit()
    user.add_images(scene)
    user.box(REDS[0])
    return user


def _searched(visit: Callable, scene: Path) -> PageUser:
    """Somebody who has searched for red: four squares are found."""
    user = _boxed(visit, scene)
    user.search()
    assert user.counts() == {'object': (4, 4)}
    return user


def _export(user: PageUser) -> zipfile.ZipFile:
    with user.page.expect_download() as download:
        user.page.locator('#export').click()
    return zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))


def _read_coco(archive: zipfile.ZipFile, folder: Path) -> COCO:
    (name,) = [name for name in archive.namelist() if name.endswith('.json')]
    (folder / 'found.json').write_bytes(archive.read(name))
    return COCO(folder / 'found.json')


# ---------------------------------------------------------------- the whole job


def test_example_finds_all_coins(browser: object, visit) -> None:
    """With the default model, by one click."""
    from mmosis.search import LightInferencer

    with served(_make_app(LightInferencer())) as address:
        user = visit(at=address)
        user.page.locator('#examples button').first.click()
        user.says('24 objects found in coins.jpg.')
        assert user.counts() == {'coin': (24, 24)}
        assert user.page.locator('#objects path').count() == 24


def test_folder_of_20_is_labelled_in_a_zip_by_four_clicks(visit, folder: Path, tmp_path: Path) -> None:
    user = visit()
    user.page.evaluate('() => { window.clicks = 0; addEventListener("pointerdown", () => clicks++, true); }')
    with user.page.expect_file_chooser() as chooser:
        user.page.locator('#choose-folder').click()
    chooser.value.set_files(folder)
    user.says('20 images added.')
    user.box(REDS[0])
    user.search('#search-all')
    assert user.counts() == {'object': (4, 80)}
    archive = _export(user)
    assert user.page.evaluate('clicks') == 4
    coco = _read_coco(archive, tmp_path)
    assert sorted(image['file_name'] for image in coco.dataset['images'])[::19] == ['00.png', 'more/19.png']
    assert len(coco.anns) == 80
    (last,) = [image for image in coco.dataset['images'] if image['file_name'] == 'more/19.png']
    found = coco.loadAnns(coco.getAnnIds(last['id']))
    assert {tuple(each['bbox']) for each in found} == {(x + 19, y, SIDE, SIDE) for x, y in [*REDS, PASSES_FOR_RED]}
    assert all(coco.annToMask(each).sum() == SIDE**2 for each in found)


def test_two_categories_corrected_and_searched_again(visit, scene: Path, folder: Path, tmp_path: Path) -> None:
    user = visit()
    user.add_images(scene, *sorted(folder.glob('0*.png'))[:2])
    user.page.locator('#box-name').fill('brick')
    user.box(REDS[0])
    user.page.locator('#box-name').fill('sea')
    user.box(BLUE_ONE)
    user.search('#search-all')
    assert user.counts() == {'brick': (4, 12), 'sea': (1, 3), 'all': (5, 15)}

    user.page.locator('#tool-negative').click()
    user.click_at(PASSES_FOR_RED)
    user.says('1 negative reference added; search again to use it.')
    assert user.counts()['brick'] == (3, 11)
    user.says('What is searched for has changed since 3 images were searched')
    assert user.page.get_by_label('00.png: 4 objects, to search again').count() == 1
    user.page.locator('#tool-example').click()
    user.page.locator('#box-name').fill('brick')
    user.box(MISSED)
    user.search('#search-all')
    assert user.counts() == {'brick': (4, 12), 'sea': (1, 3), 'all': (5, 15)}
    assert not user.page.locator('#stale').is_visible()

    for extra in ('overlays', 'crops'):
        user.page.locator(f'#{extra}').check()
    archive = _export(user)
    coco = _read_coco(archive, tmp_path)
    assert {category['name'] for category in coco.dataset['categories']} == {'brick', 'sea'}
    assert len(coco.anns) == 15
    (image,) = [each for each in coco.dataset['images'] if each['file_name'] == 'scene.png']
    boxes = {tuple(each['bbox'][:2]) for each in coco.loadAnns(coco.getAnnIds(image['id']))}
    assert boxes == {*REDS, MISSED, BLUE_ONE}
    files = [name for name in archive.namelist() if name.endswith(('.png', '.jpg'))]
    assert len([name for name in files if 'overlays' in name]) == 3
    assert len([name for name in files if 'crops' in name]) == 15


def test_every_format_is_exported(visit, scene: Path) -> None:
    user = _searched(visit, scene)
    formats = user.page.locator('#format option').evaluate_all('options => options.map(option => option.value)')
    assert {'coco', 'yolo', 'labelme', 'voc', 'csv'} <= set(formats)
    user.page.locator('#polygons').check()
    user.page.locator('#with-images').check()
    for name in formats:
        user.page.locator('#format').select_option(name)
        archive = _export(user)
        assert archive.testzip() is None
        assert any(file.endswith('scene.png') for file in archive.namelist()) or name == 'csv'
        assert any('scene' in archive.read(file).decode(errors='replace') + file for file in archive.namelist())


def test_export_of_too_much_for_a_request_comes_in_parts(visit, scene: Path, folder: Path, tmp_path: Path) -> None:
    user = visit()
    info = user.page.request.get(f'{user.page.url}health').json() | dict(max_request_mb=0.001)
    user.page.route('**/health', lambda route: route.fulfill(json=info))
    user.page.reload()
    user.page.locator('body[data-ready]').wait_for()
    user.add_images(scene, folder / '00.png')
    user.box(REDS[0])
    user.search('#search-all')
    user.page.locator('#with-images').check()
    files = []
    user.page.on('download', lambda download: files.append((download.suggested_filename, download.path())))
    with user.page.expect_download(lambda download: download.suggested_filename.endswith('-2.zip')):
        user.page.locator('#export').click()
    user.says('8 objects of 2 images exported.')
    assert [name for name, _ in files] == ['mmosis-coco-1.zip', 'mmosis-coco-2.zip']
    for _, path in files:
        coco = _read_coco(zipfile.ZipFile(path), tmp_path)
        assert (len(coco.imgs), len(coco.anns)) == (1, 4)


# ---------------------------------------------------------------- boxes and references


def test_box_is_moved_resized_and_removed_by_the_mouse(visit, scene: Path) -> None:
    user = _boxed(visit, scene)
    assert user.boxes() == [pytest.approx([16, 16, 64, 64], abs=1)]
    user.draw((64, 64), (84, 74))
    assert user.boxes() == [pytest.approx([16, 16, 84, 74], abs=1)]
    user.page.locator('#tool-select').click()
    user.draw((50, 45), (80, 35))
    assert user.boxes() == [pytest.approx([46, 6, 114, 64], abs=1)]
    user.page.locator('#delete').click()
    assert user.boxes() == []
    user.page.locator('#tool-example').click()
    user.click_at(REDS[0])  # a click is no box
    user.click_at(REDS[0], button='right')
    assert user.boxes() == []


def test_box_is_right_when_zoomed_and_moved(visit, scene: Path) -> None:
    user = visit()
    user.add_images(scene)
    user.page.mouse.move(*user.place(120, 120))
    user.page.mouse.wheel(0, -600)
    user.page.mouse.down(button='middle')
    user.page.mouse.move(*user.place(130, 110), steps=2)
    user.page.mouse.up(button='middle')
    assert int(user.page.locator('#zoom-level').inner_text().split()[0]) > 400
    user.box(MISSED)
    assert user.boxes() == [pytest.approx([116, 116, 164, 164], abs=1)]
    user.page.keyboard.press('0')
    assert user.page.locator('#zoom-level').inner_text() != '400 %'


def test_reference_is_an_image_of_its_own(visit, scene: Path, tmp_path: Path) -> None:
    user = visit()
    user.add_images(scene)
    other = write_scene(tmp_path / 'other.png')
    user.page.locator('#reference-files').set_input_files(other)
    user.page.locator('.thumbnails img').wait_for()
    user.says('All of the image is the reference')
    assert user.page.locator('#strip li').count() == 1
    user.box(BLUE_ONE)
    assert user.boxes() == [pytest.approx([216, 116, 264, 164], abs=1)]
    assert user.page.locator('.thumbnails li').count() == 1
    user.page.locator('#strip .show').click()
    user.search()
    assert user.counts() == {'object': (1, 1)}


def test_bank_is_saved_and_loaded(visit, scene: Path, tmp_path: Path) -> None:
    user = _boxed(visit, scene)
    user.page.locator('#selection-name').fill('brick')
    with user.page.expect_download() as download:
        user.page.locator('#save-bank').click()
    download.value.save_as(tmp_path / 'bricks.safetensors')
    other = visit()
    other.add_images(scene)
    other.page.locator('#bank-file').set_input_files(tmp_path / 'bricks.safetensors')
    other.says('bricks.safetensors has 1 reference: brick.')
    other.box(BLUE_ONE)
    other.search()
    assert other.counts() == {'brick': (4, 4), 'object': (1, 1), 'all': (5, 5)}
    other.page.get_by_label('Remove the bank bricks.safetensors').click()
    other.search()
    assert other.counts()['object'] == (1, 1)


# ---------------------------------------------------------------- results


def test_threshold_filters_without_a_search(visit, scene: Path, inferencer: PageInferencer) -> None:
    user = _searched(visit, scene)
    asked = inferencer.searches
    user.page.locator('#threshold').focus()
    user.press(['End'])
    assert user.counts() == {'object': (3, 3)}
    user.press(['Home'])
    assert user.counts() == {'object': (5, 5)}
    assert inferencer.searches == asked


def test_results_are_accepted_relabelled_and_deleted(visit, scene: Path, tmp_path: Path) -> None:
    user = _searched(visit, scene)
    user.click_at(PASSES_FOR_RED)
    user.says('Score 0.6')
    user.page.locator('#accept').click()
    user.page.locator('#threshold').fill('0.9')
    assert user.counts() == {'object': (4, 4)}  # what is accepted stays
    user.click_at(REDS[1])
    user.click_at(REDS[2], modifiers=['Shift'])
    user.says('2 objects')
    user.page.locator('#selection-name').fill('brick')
    user.page.locator('#selection-name').press('Enter')
    assert user.counts() == {'object': (2, 2), 'brick': (2, 2), 'all': (4, 4)}
    user.press(['Escape'])
    user.page.locator('#object-list input').first.check()
    user.page.locator('#delete').click()
    assert user.counts()['all'] == (3, 3)
    user.search()  # what was decided stays
    assert user.counts()['brick'] == (2, 2)
    assert len(_read_coco(_export(user), tmp_path).anns) == 3


def test_result_becomes_a_reference(visit, scene: Path) -> None:
    user = _searched(visit, scene)
    user.click_at(PASSES_FOR_RED)
    user.page.locator('#example').click()
    assert user.boxes()[1] == [*PASSES_FOR_RED, PASSES_FOR_RED[0] + SIDE, PASSES_FOR_RED[1] + SIDE]
    user.search()
    assert set(user.page.locator('#object-list .score').all_inner_texts()) == {'1.00'}


def test_category_is_renamed_and_removed(visit, scene: Path) -> None:
    user = _searched(visit, scene)
    field = user.page.get_by_label('Name of the category object')
    field.fill('brick')
    field.press('Enter')
    assert user.counts() == {'brick': (4, 4)}
    assert not user.page.locator('#stale').is_visible()
    assert user.page.locator('#box-name').input_value() == 'brick'
    user.page.get_by_label('Remove the category brick').click()
    assert user.counts() == {}
    user.page.locator('#undo').click()
    assert user.counts() == {'brick': (4, 4)}


# ---------------------------------------------------------------- undo, reload, cancel


def test_all_is_undone_and_done_again(visit, scene: Path) -> None:
    user = _searched(visit, scene)
    user.click_at(PASSES_FOR_RED)
    user.page.locator('#wrong').click()
    user.page.get_by_label('Remove scene.png').click()
    states = []
    while user.page.locator('#undo').is_enabled():
        states.append(_state(user))
        user.page.locator('#undo').click()
    assert len(states) == 5
    assert [state.images for state in states] == [0, 1, 1, 1, 1]
    assert [len(state.boxes) for state in states] == [0, 2, 1, 1, 0]
    assert [state.counts for state in states] == [{}, {'object': (3, 3)}, {'object': (4, 4)}, {}, {}]
    assert _state(user).images == 0
    for state in reversed(states):
        user.page.keyboard.press('Control+Shift+Z')
        assert _state(user) == state
    assert user.page.locator('#redo').is_disabled()


def _state(user: PageUser) -> SimpleNamespace:
    shown = user.page.locator('#counts').is_visible()
    return SimpleNamespace(
        images=user.page.locator('#strip li').count(), boxes=user.boxes(), counts=user.counts() if shown else {}
    )


def test_reload_keeps_all_until_new(visit, scene: Path) -> None:
    user = _searched(visit, scene)
    user.page.locator('#threshold').fill('0.9')
    user.click_at(REDS[2])
    user.press(['Delete'])
    before = user.counts(), user.boxes(), user.page.locator('#objects path').count()
    user.page.reload()
    user.page.locator('#objects path').first.wait_for()
    assert (user.counts(), user.boxes(), user.page.locator('#objects path').count()) == before
    assert before[0] == {'object': (2, 2)}
    user.search()  # with the files that were kept
    user.page.locator('#new').click()
    user.page.get_by_role('button', name='Remove all').click()
    user.page.locator('#stage.empty').wait_for()
    user.page.reload()
    user.page.locator('body[data-ready]').wait_for()
    assert user.page.locator('#strip li').count() == 0
    assert (
        user.page.evaluate(
            """() => new Promise(resolve => { indexedDB.open('mmosis').onsuccess = ({ target }) => {
            target.result.transaction('files').objectStore('files').count().onsuccess = e => resolve(e.target.result);
        }; })"""
        )
        == 0
    )


def test_second_tab_says_that_it_keeps_nothing(visit, scene: Path) -> None:
    user = visit()
    other = PageUser(user.page.context.new_page())
    other.page.goto(user.page.url)
    other.says('This page is open in another tab')
    user.add_images(scene)
    user.page.reload()
    user.page.locator('#strip li').wait_for()


def test_search_of_all_is_cancelled(visit, folder: Path, inferencer: PageInferencer) -> None:
    user = visit()
    user.page.locator('#folder').set_input_files(folder)
    user.says('20 images added.')
    user.box(REDS[0])
    before = inferencer.searches
    inferencer.views = 5
    inferencer.gate.clear()
    try:
        user.page.locator('#search-all').click()
        user.says('Image 1 of 20')
        user.page.locator('#cancel').click()
        user.says('Search cancelled after 0 of 20 images.')
    finally:
        inferencer.views = 1
        inferencer.gate.set()
    user.search()
    assert user.counts() == {'object': (4, 4)}
    assert inferencer.searches <= before + 2


# ---------------------------------------------------------------- keys, screen readers, sizes


def test_all_is_done_by_keys(visit, scene: Path) -> None:
    user = visit()
    user.add_images(scene)
    page = user.page
    for _ in range(20):
        page.keyboard.press('Tab')
        if page.evaluate('document.activeElement.id') == 'stage':
            break
    page.keyboard.press('s')
    user.says('Nothing to look for yet')
    page.keyboard.press('Enter')
    assert user.boxes() != []
    for key in ['ArrowLeft'] * 26 + ['ArrowUp'] * 18 + ['ArrowRight'] * 5 + ['ArrowDown'] * 5:
        page.keyboard.press(key)
    x1, y1, x2, y2 = user.boxes()[0]
    assert (x1, y1) == (15, 15)
    user.press(['Shift+ArrowLeft'] * round((x2 - 63) / 3) + ['Shift+ArrowUp'] * round((y2 - 63) / 3))
    assert user.boxes() == [pytest.approx([15, 15, 63, 63], abs=2)]
    page.keyboard.press('s')
    user.wait_until_idle()
    assert user.counts() == {'object': (4, 4)}
    user.press('kx')  # the last, wrong
    assert user.counts() == {'object': (3, 3)}
    user.press('ja')
    user.says('1 object accepted')
    user.press('jr')
    page.keyboard.type('brick')
    user.press(['Enter'])
    assert user.counts()['brick'] == (1, 1)
    user.press(['Control+a', 'Delete'])
    assert user.counts()['object'] == (0, 0)
    user.press(['Control+z', '?'])
    assert page.locator('#help-dialog').is_visible()
    user.press(['Escape', '?', 'Enter'])
    assert not page.locator('#help-dialog').is_visible()
    with page.expect_download():
        page.keyboard.press('Shift+E')


def test_focus_stays_in_the_list_when_results_go(visit, scene: Path) -> None:
    user = _searched(visit, scene)
    user.page.locator('#object-list input').nth(1).focus()
    focused = 'document.activeElement.closest("li").dataset.key'
    second, third = user.page.locator('#object-list li').evaluate_all('items => items.map(item => item.dataset.key)')[
        1:3
    ]
    user.press([' ', 'Delete'])
    assert user.page.evaluate(focused) == third
    user.press(['Control+z'])
    assert user.page.evaluate(focused) == third
    assert user.page.locator(f'#object-list [data-key="{second}"]').count() == 1


def test_screen_readers_get_names(visit, scene: Path) -> None:
    user = _searched(visit, scene)
    snapshot = user.page.locator('body').aria_snapshot()
    for text in (
        'scene.png, 300 × 200 pixels, found: 4 object',
        'button "Undo: search"',
        'slider "Score at least": "0.5"',
    ):
        assert text in snapshot
    unnamed = [
        line for line in snapshot.splitlines() if line.strip() in ('- button', '- textbox', '- checkbox', '- img')
    ]
    assert unnamed == []


def test_focus_is_seen(visit) -> None:
    user = visit()
    for _ in range(8):
        user.page.keyboard.press('Tab')
        assert user.page.evaluate('getComputedStyle(document.activeElement).outlineStyle') == 'solid'


def test_phone_has_one_column_and_nothing_beside_it(visit, scene: Path) -> None:
    user = visit(PHONE, has_touch=True, is_mobile=True)
    assert user.page.evaluate('document.documentElement.scrollWidth') == PHONE[0]
    user.add_images(scene)
    user.page.locator('#stage').scroll_into_view_if_needed()
    finger = user.page.context.new_cdp_session(user.page)
    x, y = REDS[0]
    for event, place in (
        ('Start', (x - 4, y - 4)),
        ('Move', (x + 20, y + 20)),
        ('Move', (x + 44, y + 44)),
        ('End', None),
    ):
        points = [dict(zip('xy', user.place(*place), strict=True))] if place else []
        finger.send('Input.dispatchTouchEvent', dict(type=f'touch{event}', touchPoints=points))
    assert user.boxes() == [pytest.approx([16, 16, 64, 64], abs=2)]
    user.search()
    assert user.counts() == {'object': (4, 4)}
    assert user.page.evaluate('document.documentElement.scrollWidth') == PHONE[0]
    before = user.page.evaluate('getComputedStyle(document.getElementById("overlay")).getPropertyValue("--scale")')
    _pinch(finger, user.page.locator('#stage').bounding_box())
    after = user.page.evaluate('getComputedStyle(document.getElementById("overlay")).getPropertyValue("--scale")')
    assert float(after) == pytest.approx(2 * float(before), rel=0.1)
    assert len(user.boxes()) == 1


def _pinch(finger: object, area: dict[str, float]) -> None:
    """Move two fingers apart to twice their distance."""
    x, y = area['x'] + area['width'] / 2, area['y'] + area['height'] / 2
    for event, half in (('Start', 40), ('Move', 60), ('Move', 80)):
        points = [dict(x=x - half, y=y, id=0), dict(x=x + half, y=y, id=1)]
        finger.send('Input.dispatchTouchEvent', dict(type=f'touch{event}', touchPoints=points))
    finger.send('Input.dispatchTouchEvent', dict(type='touchEnd', touchPoints=[]))


CONTRASTS = """() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = colour => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = colour => {
    const [r, g, b] = colour.map(c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = element => {
    const own = rgba(getComputedStyle(element).backgroundColor);
    return own[3] === 255 || !element.parentElement ? own : behind(element.parentElement);
  };
  const found = {};
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, text = walker.currentNode.textContent.trim();
    if (!text || !element.checkVisibility() || element.closest(':disabled, svg, option, .unseen')) continue;
    const [a, b] = [light(rgba(getComputedStyle(element).color)), light(behind(element))];
    found[text.slice(0, 40)] = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  }
  return found;
}"""


@pytest.mark.parametrize('scheme', ['light', 'dark'])
def test_text_stands_out_from_what_is_behind_it(visit, scene: Path, scheme: str) -> None:
    user = visit(color_scheme=scheme)
    contrasts = user.page.evaluate(CONTRASTS)
    (scene.parent / 'text.png').write_text('no image')
    user.page.locator('#files').set_input_files([scene, scene.parent / 'text.png'])
    user.says('text.png is not an image')
    user.box(REDS[0])
    user.search()
    user.page.locator('#tool-negative').click()
    user.click_at(REDS[1])
    contrasts |= user.page.evaluate(CONTRASTS)
    assert {'or try an example:', 'Search this', 'Score at least', 'What to look for'} <= set(contrasts)
    assert {text: round(ratio, 2) for text, ratio in contrasts.items() if ratio < 4.5} == {}
    background = user.page.evaluate('getComputedStyle(document.body).backgroundColor')
    assert (sum(json.loads(f'[{background[4:-1]}]')) < 300) == (scheme == 'dark')


# ---------------------------------------------------------------- what goes wrong


def test_bad_files_get_a_sentence_and_the_others_are_taken(visit, scene: Path, tmp_path: Path) -> None:
    user = visit()
    (tmp_path / 'text.jpg').write_text('this is no image')
    (tmp_path / 'large.png').write_bytes(bytes(2**20 + 2**18))
    (tmp_path / 'bank.safetensors').write_text('this is no bank')
    user.page.locator('#files').set_input_files([tmp_path / 'text.jpg', tmp_path / 'large.png', scene])
    user.says('text.jpg is not an image that this browser can read.')
    user.says('large.png has 1.3 MB, and this server takes files of 1 MB at most.')
    assert user.page.locator('#strip li').count() == 1
    user.page.locator('#bank-file').set_input_files(tmp_path / 'bank.safetensors')
    user.says('is no reference bank')
    user.page.locator('#tool-negative').click()
    user.box(REDS[0])
    user.page.locator('#search-this').click()
    user.says('all references are negative')
    user.page.get_by_label('Dismiss: text.jpg').click()
    assert user.page.locator('#messages li').count() == 3
    assert user.page.get_by_text('Traceback').count() == 0


def test_files_of_one_name_are_told_apart(visit, scene: Path, tmp_path: Path) -> None:
    user = visit()
    other = write_scene(tmp_path / 'other' / 'scene.png', shift=5)
    user.add_images(scene)
    user.add_images(other)
    user.page.locator('#files').set_input_files([scene, other])
    user.says('0 images added; 2 were here already.')
    names = user.page.locator('#strip .show').evaluate_all('buttons => buttons.map(button => button.title)')
    assert names == ['scene.png', 'scene (2).png']


def test_images_are_dropped(visit, scene: Path) -> None:
    user = visit()
    for place, shown in (('stage', '#strip li'), ('references-panel', '.thumbnails li')):
        user.page.evaluate(
            """([place, bytes]) => {
                const dataTransfer = new DataTransfer();
                dataTransfer.items.add(new File([new Uint8Array(bytes)], 'dropped.png', { type: 'image/png' }));
                const drop = new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true });
                document.getElementById(place).dispatchEvent(drop);
            }""",
            [place, list(scene.read_bytes())],
        )
        user.page.locator(shown).wait_for()
    user.says('dropped.png (a reference)')


def test_folder_is_dropped(visit, folder: Path) -> None:
    user = visit()
    area = user.page.locator('#stage').bounding_box()
    drag = user.page.context.new_cdp_session(user.page)
    for event in ('dragEnter', 'dragOver', 'drop'):
        data = dict(items=[], files=[str(folder)], dragOperationsMask=1)
        drag.send('Input.dispatchDragEvent', dict(type=event, x=area['x'] + 50, y=area['y'] + 50, data=data))
    user.says('20 images added.')
    assert user.page.get_by_label('more/19.png: not searched').count() == 1


def test_server_that_is_gone_loses_nothing(visit, scene: Path, inferencer: PageInferencer) -> None:
    with served(_make_app(inferencer)) as address:
        user = visit(at=address)
        user.add_images(scene)
        user.box(REDS[0])
    user.page.locator('#search-this').click()
    user.says('The server does not answer.')
    assert len(user.boxes()) == 1
    assert user.page.locator('#search-this').is_enabled()


def test_token_is_asked_for(visit, scene: Path, inferencer: PageInferencer) -> None:
    with served(_make_app(inferencer, token='secret')) as address:
        user = visit(at=address)
        user.add_images(scene)
        user.box(REDS[0])
        user.page.locator('#search-this').click()
        user.says('This server asks for a token.')
        user.page.locator('#token').fill('wrong')
        user.press(['Enter'])
        user.says('That was not the token of this server.')
        user.page.locator('#token').fill('secret')
        user.press(['Enter'])
        user.wait_until_idle()
        user.says('4 objects found in scene.png.')
