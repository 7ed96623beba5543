"""Searches of folders for tests, and what they have written."""

import json
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import numpy as np

from mmosis.search import SearchOptions
from mmosis.search.view_search import Searched

SETTINGS = SearchOptions(score_thr=0.4)


QUICK = replace(SETTINGS, overlays=False)  # images take as long as the search


NAMES = ['a.jpg', 'b.png', 'c.jpg', 'd.png']


class Search:
    """Counts the images that an inferencer searches; may stop it."""

    def __init__(self, search: Callable[..., Searched], stop_after: int | None = None) -> None:
        self.search, self.stop_after, self.images = search, stop_after, []

    def __call__(self, image: np.ndarray, *args: object) -> Searched:
        if len(self.images) == self.stop_after:
            raise KeyboardInterrupt
        self.images.append(image)
        return self.search(image, *args)


def read(folder: Path) -> dict:
    return json.loads((folder / 'annotations.json').read_text())


def names_in(folder: Path) -> list[str]:
    """Files in it and below, without the hidden ones of a half-written file."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob('*') if path.is_file())


def file_names(folder: Path) -> list[str]:
    return [image['file_name'] for image in read(folder)['images']]


def fail(error: BaseException) -> NoReturn:
    raise error


def run_through(steps: Generator) -> tuple[list, object]:
    """What a generator yields, and what it returns."""
    yielded = []
    while True:
        try:
            yielded.append(next(steps))
        except StopIteration as end:
            return yielded, end.value
