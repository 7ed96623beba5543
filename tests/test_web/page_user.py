"""PageUser: somebody who uses the page, by mouse, finger and keys; and images for them, of coloured squares."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

RED, ORANGE, PINK, BLUE = (220, 30, 30), (230, 90, 40), (230, 120, 150), (40, 60, 220)
SIDE = 40
# Corners of the squares of a scene, and their colours: three red ones, one that passes for red, one that is missed.
SQUARES = {(20, 20): RED, (120, 20): RED, (220, 20): RED, (20, 120): ORANGE, (120, 120): PINK, (220, 120): BLUE}


def write_scene(path: Path, shift: int = 0) -> Path:
    """Write an image of 300 x 200 pixels with SQUARES, moved to the right by pixels."""
    image = np.full((200, 300, 3), 255, np.uint8)
    for (x, y), colour in SQUARES.items():
        image[y : y + SIDE, x + shift : x + shift + SIDE] = colour[::-1]
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), image)
    return path


class PageUser:
    """Somebody at the page.

    Args:
        page: Playwright's.
    """

    def __init__(self, page: Any) -> None:
        self.page = page

    def add_images(self, *paths: Path) -> None:
        """Choose images to search, and wait until they are there."""
        shown = self.page.locator('#strip li').count()
        self.page.locator('#files').set_input_files(paths)
        self.page.locator('#strip li').nth(shown + len(paths) - 1).wait_for()

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a pixel of the image is on the screen."""
        return tuple(
            self.page.evaluate(
                """([x, y]) => {
                    const point = new DOMPoint(x, y).matrixTransform(document.getElementById('overlay').getScreenCTM());
                    return [point.x, point.y];
                }""",
                [x, y],
            )
        )

    def draw(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Drag the mouse from a pixel of the image to another."""
        self.page.mouse.move(*self.place(*start))
        self.page.mouse.down()
        self.page.mouse.move(*self.place(*end), steps=3)
        self.page.mouse.up()

    def box(self, corner: tuple[int, int]) -> None:
        """Draw a box around the square at a corner."""
        x, y = corner
        self.draw((x - 4, y - 4), (x + SIDE + 4, y + SIDE + 4))

    def click_at(self, corner: tuple[int, int], **options: Any) -> None:
        """Click on the square at a corner."""
        x, y = corner
        self.page.locator('#stage').click(position=self._on_stage(x + SIDE / 2, y + SIDE / 4), **options)

    def _on_stage(self, x: float, y: float) -> dict[str, float]:
        stage = self.page.locator('#stage').bounding_box()
        x, y = self.place(x, y)
        return dict(x=x - stage['x'] - 1, y=y - stage['y'] - 1)  # within its border

    def search(self, button: str = '#search-this') -> None:
        """Search, and wait for the end."""
        self.page.locator(button).click()
        self.wait_until_idle()

    def wait_until_idle(self) -> None:
        """Wait for the end of a search."""
        self.page.locator('body:has(#progress[hidden]):has(#search-all:enabled)').wait_for()

    def counts(self) -> dict[str, tuple[int, int]]:
        """How many objects of each category the page counts in the image that is shown, and in all."""
        rows = self.page.locator('#count-rows tr').evaluate_all(
            'rows => rows.map(r => [...r.cells].map(c => c.innerText))'
        )
        return {name: (int(here), int(everywhere)) for name, here, everywhere in rows}

    def boxes(self) -> list[list[int]]:
        """Boxes (x1, y1, x2, y2) that are drawn on the image."""
        corners = """rects => rects.map(r => ['x', 'y', 'width', 'height'].map(n => +r.getAttribute(n)))"""
        drawn = self.page.locator('#boxes rect').evaluate_all(corners)
        return [[x, y, x + width, y + height] for x, y, width, height in drawn]

    def says(self, text: str) -> None:
        """Wait for a sentence."""
        self.page.get_by_text(text).first.wait_for()

    def press(self, keys: Iterable[str]) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)
