"""Names of files that are written for images: none overwrites another's, and each fits in a folder."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2

from mmosis.search.video.video_reader import VIDEO_EXTENSIONS
from mmosis.utils.file_names import fit_name, mark_name

from .image_list import IMG_EXTENSIONS

JPEG, MP4 = ('.jpg', '.jpeg'), ('.mp4',)


def absolute_paths(files: Sequence[str]) -> list[str]:
    """Absolute paths; a link keeps its own name.

    Raises:
        ValueError: If a file is named twice.
    """
    paths = [os.path.abspath(file) for file in files]
    twice = sorted(path for path, times in Counter(paths).items() if times > 1)
    if twice:
        root = common_folder(paths)
        names = ', '.join(os.path.relpath(path, root) for path in twice[:5])
        raise ValueError(f'an image is to be searched once, got {names} more than once')
    return paths


def is_inside(file: str, folder: str | Path) -> bool:
    """Whether a file is in a folder or below, links followed; what is no path is not."""
    try:
        return Path(os.path.realpath(folder)) in Path(os.path.realpath(file)).parents
    except ValueError:  # e.g. a zero in a line of a list
        return False


def common_folder(files: Sequence[str]) -> str:
    """Find the folder that all files, given by absolute paths, are in."""
    return os.path.commonpath([os.path.dirname(file) for file in files])


def overlay_name(name: str) -> str:
    """Name the overlay, a JPEG, of an image."""
    return _overlay_name(name, JPEG, IMG_EXTENSIONS)


def video_overlay_name(name: str) -> str:
    """Name the annotated video, an MP4, of a video."""
    return _overlay_name(name, MP4, VIDEO_EXTENSIONS)


def _overlay_name(name: str, kept: Sequence[str], known: Sequence[str]) -> str:
    stem, suffix = os.path.splitext(name)
    if suffix.lower() not in kept:
        return fit_name(name + kept[0])
    if os.path.splitext(stem)[1].lower() in set(known) - set(kept):  # a.png.jpg is the overlay of a.png
        folder, last = os.path.split(stem)
        return os.path.join(folder, mark_name(last, suffix, name))
    return fit_name(name)


class OutputNames(NamedTuple):
    """What files are called that a call of an inferencer writes for an image.

    Attributes:
        image: Below ``vis/``.
        prediction: Below ``preds/``.
    """

    image: str
    prediction: str


def name_outputs(files: Sequence[str]) -> dict[str, OutputNames]:
    """Name the outputs of the images of a call as mmdet does, by their own names; if these are alike, by folders too.

    Args:
        files: Images, as they were given.
    """
    paths = {file: os.path.abspath(file) for file in files}
    names = {path: os.path.basename(path) for path in paths.values()}
    if len(set(_stems(names.values()))) < len(names):
        root = common_folder(list(names))
        names = {path: os.path.relpath(path, root) for path in names}
    times = Counter(_stems(names.values()))
    return {file: _name_outputs(names[path], times) for file, path in paths.items()}


def _name_outputs(name: str, times: Counter[str]) -> OutputNames:
    stem = os.path.splitext(name)[0]
    image = name if cv2.haveImageWriter(name) else f'{name}.jpg'
    prediction = f'{name if times[stem] > 1 else stem}.json'
    return OutputNames(fit_name(image), fit_name(prediction))


def _stems(names: Iterable[str]) -> list[str]:
    return [os.path.splitext(name)[0] for name in names]
