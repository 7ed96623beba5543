"""Makes the images of docs/web.md anew, by: PYTHONPATH=tests python tests/test_web/take_screenshots.py."""

import shutil
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright
from web_server import served

from mmosis.search import LightInferencer
from mmosis.search.service import SearchService
from mmosis.web.app import make_app

IMAGES = Path(__file__).parents[2] / 'docs' / 'images'
# Of each image the size of the window, the colour scheme, and which example is searched.
VIEWS = dict(
    web_desktop=((1280, 800), 'light', 0), web_dark=((1280, 800), 'dark', 2), web_phone=((390, 844), 'light', 0)
)


def main() -> None:
    """Search an example in each of the views, and take an image of it."""
    chromium = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))))
    with served(make_app(SearchService(LightInferencer()))) as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=['--no-sandbox'])
        for name, (size, scheme, example) in VIEWS.items():
            page = browser.new_page(viewport=dict(zip(('width', 'height'), size, strict=True)), color_scheme=scheme)
            page.goto(address)
            page.locator('#examples button').nth(example).click()
            page.locator('#news').get_by_text('found in').wait_for()
            _take(page, IMAGES / f'{name}.png')
        browser.close()


def _take(page: Any, path: Path) -> None:
    page.mouse.move(0, 0)
    page.screenshot(path=path)
    Image.open(path).convert('RGB').quantize(256).save(path, optimize=True)


if __name__ == '__main__':
    main()
