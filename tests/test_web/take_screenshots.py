"""Makes the images of docs/web.md anew, by: python tests/test_web/take_screenshots.py."""

import os
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from mmosis.search import LightInferencer
from mmosis.web.page import build_page
from mmosis.web.server import launch

IMAGES = Path(__file__).parents[2] / 'docs' / 'images'
SIZES = dict(web_desktop=(1000, 900), web_phone=(390, 844))


def main() -> None:
    """Search the second example, and take an image of the page at each size."""
    chromium = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        os.environ['GRADIO_TEMP_DIR'] = folder
        page = build_page(LightInferencer())
        address = launch(page, '127.0.0.1', 7861, max_upload_mb=20)
        browser = driver.chromium.launch(executable_path=chromium, args=['--no-sandbox'])
        for name, (width, height) in SIZES.items():
            tab = browser.new_page(viewport=dict(width=width, height=height))
            tab.goto(address)
            tab.locator('#examples button').nth(1).click()
            tab.locator('#summary .chip').first.wait_for()
            tab.wait_for_timeout(2000)  # until it has scrolled to the result
            tab.mouse.move(0, 0)
            path = IMAGES / f'{name}.png'
            tab.screenshot(path=path, full_page=True)
            Image.open(path).convert('RGB').quantize(256).save(path, optimize=True)
        browser.close()
        page.close()


if __name__ == '__main__':
    main()
