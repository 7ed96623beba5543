"""Searches of photos of one scene."""

import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from folder_results import NAMES, QUICK, SETTINGS, Search

from mmosis.search import OneShotInferencer, ReferenceBank, SearchOptions, search_images
from mmosis.search.folders.folder_search import SearchReport


@pytest.fixture(scope='session')
def bank(inferencer: OneShotInferencer, scene: object) -> ReferenceBank:
    references = [
        dict(img=scene.image, mask=scene.instances[i].mask, name=name) for i, name in ((0, 'mug'), (1, 'cup'))
    ]
    return inferencer.encode(references)


@pytest.fixture(scope='session')
def _photos(tmp_path_factory: pytest.TempPathFactory, scene: object) -> Path:
    folder = tmp_path_factory.mktemp('photos')
    for i, name in enumerate(NAMES):
        cv2.imwrite(str(folder / name), np.ascontiguousarray(scene.image[10 * i : 10 * i + 90, 8 * i : 8 * i + 120]))
    return folder


@pytest.fixture
def photos(tmp_path: Path, _photos: Path) -> Path:
    return shutil.copytree(_photos, tmp_path / 'photos')


@pytest.fixture(scope='session')
def whole(inferencer: OneShotInferencer, bank: ReferenceBank, _photos: Path, tmp_path_factory) -> Path:
    """Folder with the results of a search that nothing stopped."""
    out = tmp_path_factory.mktemp('whole')
    search_images(inferencer, _photos, bank, out, SETTINGS)
    return out


@pytest.fixture
def count(inferencer: OneShotInferencer, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Search]:
    def start(**settings: int) -> Search:
        monkeypatch.undo()
        search = Search(inferencer.search_image, **settings)
        monkeypatch.setattr(inferencer, 'search_image', search)
        return search

    return start


@pytest.fixture
def run(
    inferencer: OneShotInferencer, photos: Path, bank: ReferenceBank, tmp_path: Path
) -> Callable[..., SearchReport]:
    """Search the photos, or other images, and write to ``out``."""

    def run(
        inputs: object = photos,
        bank: ReferenceBank = bank,
        options: SearchOptions = QUICK,
        resume: bool = False,
        out: str = 'out',
    ) -> SearchReport:
        return search_images(inferencer, inputs, bank, tmp_path / out, options, resume)

    return run
