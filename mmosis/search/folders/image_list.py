"""Which images a user means: files, folders, patterns, lists of paths, arrays."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from glob import glob, has_magic
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from mmosis.search.video.video_reader import VIDEO_EXTENSIONS, WEBCAM, is_video, is_webcam
from mmosis.utils.image import from_pillow

from .folder_walk import walk_folder
from .path_list import is_path_list, read_path_list, split_paths

IMG_EXTENSIONS = (
    *('.jpg', '.jpeg', '.png', '.ppm', '.bmp', '.pgm', '.tif', '.tiff', '.webp'),  # DetInferencer's
    *('.jfif', '.jpe', '.avif', '.gif', '.jp2'),
)
STDIN = '-'


@dataclass
class ImageList:
    """Images that were named.

    Attributes:
        images: Files, addresses and arrays as they were given, those of folders and patterns by name. Whether they
            exist was checked for those that were named by themselves.
        problems: What was named and gives no image, and why.
        others: What else is in the folders, by suffix or as 'folder(s) of results'; hidden files do not count.
        folders: Those that have images, subfolders included.
    """

    images: list[str | np.ndarray] = field(default_factory=list)
    problems: dict[str, Exception] = field(default_factory=dict)
    others: Counter[str] = field(default_factory=Counter)
    folders: list[str] = field(default_factory=list)

    @classmethod
    def of_files(cls, files: Sequence[str], gone: str) -> 'ImageList':
        """Those of the files that are there; ``gone`` is said of the others."""
        there = {file: os.path.isfile(file) for file in files}
        missing = {file: FileNotFoundError(gone) for file in files if not there[file]}
        return cls([file for file in files if there[file]], missing)

    def require_one(self) -> None:
        """Refuse a list without images; the first problem says why.

        Raises:
            As :func:`find_images`.
        """
        if not self.images:
            raise next(iter(self.problems.values()), ValueError('there is no image to search'))

    def describe_others(self) -> str:
        """Say what else is in the folders, e.g. ``2 .heic, 1 .mp4``; empty where there is nothing."""
        return ', '.join(f'{number} {what}' for what, number in sorted(self.others.items()))


def list_images(inputs: Any) -> list[str | np.ndarray]:
    """List the images that inputs name, as :func:`find_images` does, and refuse what names none.

    Raises:
        As :func:`find_images`, for any of the inputs.
    """
    found = find_images(inputs)
    for error in found.problems.values():
        raise error
    return found.images


def find_images(inputs: Any, stdin: BinaryIO | None = None, videos: bool = False) -> ImageList:
    """Find the images that inputs name; one that names none stops nothing while another does.

    Args:
        inputs: A file, a folder (its image files and those of its subfolders by name, but not what is hidden), a
            pattern such as ``photos/**/*.jpg``, an array (H, W, 3) BGR, an image of Pillow, which becomes one, or a
            list of these. A text file (``.txt``) names an image a line, a Parquet file one a row, see
            :func:`~mmosis.search.folders.path_list.read_path_list`; whether these exist is not checked.
        stdin: Where ``-`` reads paths, a line each or with zeros between; without it that is a file's name.
        videos: Whether videos and webcams (``webcam:0``, or ``0`` where no file is called so) may be named too. Those
            in folders are none of the images, so that a few clips among photographs do not take hours.

    Raises:
        TypeError: If it is something else.
        FileNotFoundError: If there is no such file or folder, and no other image.
        ImportError: If there is a Parquet file and pyarrow is not installed.
        ValueError: If a folder or a file of paths has no images or cannot be read, a pattern fits none, and there is
            no other image, or nothing is given.
    """
    if isinstance(inputs, str | Path | np.ndarray | Image.Image):
        inputs = [inputs]
    if not isinstance(inputs, Sequence):
        raise TypeError(
            f'images must be paths, folders, arrays (H, W, 3) or a list of them, got {type(inputs).__name__}'
        )
    found = ImageList()
    for item in map(_name_webcam, inputs) if videos else inputs:
        try:
            if isinstance(item, str) and item == STDIN and stdin is not None:
                found.images += split_paths(stdin.read(), 'the standard input')
            else:
                found.images += _expand(item, found, videos)
        except (OSError, ValueError) as error:
            found.problems[str(item)] = error
    if not videos:
        _refuse_videos(found)
    found.require_one()
    return found


def _name_webcam(item: Any) -> Any:
    """``webcam:0`` for ``0``, where no file is called so."""
    is_number = isinstance(item, str) and item.isascii() and item.isdecimal() and not os.path.exists(item)
    return f'{WEBCAM}{item}' if is_number else item


def _refuse_videos(found: ImageList) -> None:
    named = [image for image in found.images if isinstance(image, str) and is_video(image)]
    found.images = [image for image in found.images if not isinstance(image, str) or image not in named]
    for video in named:
        found.problems[video] = ValueError(f'{video} is a video, which mmosis search and search_images() take alone')


def _expand(item: Any, found: ImageList, videos: bool) -> list[str | np.ndarray]:
    if isinstance(item, Image.Image):
        return [from_pillow(item)]
    if isinstance(item, np.ndarray) or (isinstance(item, str) and ('://' in item or is_webcam(item))):
        return [item]
    if not isinstance(item, str | Path):
        raise TypeError(f'an image must be a path or an array (H, W, 3), got {type(item).__name__}')
    path = Path(os.path.expanduser(item))  # what begins with ~ may be a file
    if not path.exists():
        if has_magic(str(path)):
            return _list_pattern(str(path), found, videos)
        raise FileNotFoundError(f'there is no image or folder {item}')
    if is_path_list(path):
        return read_path_list(path)
    return _list_folder(path, found) if path.is_dir() else [str(path)]


def _list_folder(folder: Path, found: ImageList) -> list[str]:
    """List the image files of a folder and its subfolders, and count what else there is."""
    paths, skipped = walk_folder(folder, found.problems)
    files = _take_images(paths, skipped)
    if not files:
        has = f' (it has {ImageList(others=skipped).describe_others()})' if skipped else ''
        raise ValueError(f'folder {folder} has no images{has}; they end in {", ".join(IMG_EXTENSIONS)}')
    found.others.update(skipped)
    found.folders += dict.fromkeys(os.path.dirname(file) for file in files)
    return _without(found.images, files)


def _list_pattern(pattern: str, found: ImageList, videos: bool) -> list[str]:
    """List the image files, and maybe videos, that a pattern fits, and count what else it does."""
    skipped: Counter[str] = Counter()
    paths = [path for path in sorted(set(glob(pattern, recursive=True))) if not os.path.isdir(path)]
    files = _take_images(paths, skipped, VIDEO_EXTENSIONS if videos else ())
    if not files:
        has = f' (but {ImageList(others=skipped).describe_others()})' if skipped else ''
        raise ValueError(f'no image fits the pattern {pattern}{has}; ** stands for any folders')
    found.others.update(skipped)
    return _without(found.images, files)


def _take_images(paths: Sequence[str], skipped: Counter[str], more: Sequence[str] = ()) -> list[str]:
    """The image files among paths, and files of more suffixes; others are counted."""
    files = []
    for path in paths:
        suffix = os.path.splitext(path)[1].lower()
        if suffix in (*IMG_EXTENSIONS, *more):
            files.append(path)
        else:
            skipped[suffix or 'without suffix'] += 1
    return files


def _without(images: Sequence[str | np.ndarray], files: Sequence[str]) -> list[str]:
    """The files that are not among the images: a folder may have been given with one that it is in."""
    known = {os.path.abspath(image) for image in images if isinstance(image, str)}
    return [file for file in files if os.path.abspath(file) not in known]
