"""The images of a COCO-format file: whether they are there, and which way they are turned."""

import logging
import os
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmengine.logging import print_log
from PIL import Image, UnidentifiedImageError

from .image_header import ORIENTATION
from .web_address import is_web_address

ADDRESS = re.compile(r'[\w.+-]+://')
NAMED = 5  # images in a message
QUARTER_TURNS = (5, 6, 7, 8)  # of EXIF's orientation
NUM_CHECKED = 500  # images whose headers are read to find out which way a data set is turned
TOLERANCE = 1  # pixels by which label tools overshoot the border


def check_images(paths: Sequence[str]) -> None:
    """Check that images are where they should be; addresses of MMEngine's file backends are not checked.

    Args:
        paths: Files, as the annotation file and the config name them together.

    Raises:
        ValueError: If some are addresses on the web, or a file name is an address.
        FileNotFoundError: If some are not there, or are folders.
    """
    addresses = [path for path in paths if is_web_address(path) or ('://' in path and not ADDRESS.match(path))]
    if addresses:
        raise ValueError(
            f'{_count(addresses, paths)} are named by an address; download them, and name the files: {_name(addresses)}'
        )
    missing = _find_missing([path for path in paths if not ADDRESS.match(path)])
    if missing:
        raise FileNotFoundError(
            f'{_count(missing, paths)} are not there; check data_prefix in the config and file_name in the annotation '
            f'file: {_name(missing)}'
        )


def _find_missing(paths: Sequence[str]) -> list[str]:
    """List each folder once: to ask for every file takes minutes on a network disk."""
    by_folder = defaultdict(list)
    for path in paths:
        by_folder[os.path.dirname(path)].append(path)
    missing = []
    for folder, files in by_folder.items():
        try:
            with os.scandir(folder or '.') as entries:
                there = {entry.name for entry in entries if not entry.is_dir(follow_symlinks=False)}
        except (OSError, ValueError):
            there = set()
        missing += [path for path in files if os.path.basename(path) not in there]
    return missing


def _count(some: Sequence[str], of: Sequence[str]) -> str:
    return f'{len(some)} of {len(of)} images'


def _name(paths: Sequence[str]) -> str:
    return ', '.join(paths[:NAMED]) + (', ...' if len(paths) > NAMED else '')


def turn_upright(dataset: dict, img_dir: str | Path) -> None:
    """Give images that their EXIF data turn by a quarter the size as they are shown, where boxes are meant so.

    Some label tools (Label Studio's export of phone images) state the size as it is stored, and boxes as the image
    is shown. Where boxes reach out of the stated frame and fit into the turned one, and nowhere the other way round,
    all of the file are meant as shown. Where boxes fit both ways, the stated size counts, with a warning.

    Args:
        dataset: Content of the file, ids settled; sizes of its images are changed.
        img_dir: Folder of the images. What is not there is skipped.
    """
    reach = _reach(dataset)
    shown = [image for image, far in zip(dataset['images'], reach, strict=True) if _only_fits(far, image, turned=True)]
    rest = dataset['images'][:: 1 + len(dataset['images']) // NUM_CHECKED]
    checked = {image['id']: image for image in (*shown[:NUM_CHECKED], *rest)}
    turned = [image for image in checked.values() if _is_stored_turned(image, img_dir)]
    if not turned:
        return
    far_of = {image['id']: far for image, far in zip(dataset['images'], reach, strict=True)}
    as_shown = [image for image in turned if _only_fits(far_of[image['id']], image, turned=True)]
    as_stored = [image for image in turned if _only_fits(far_of[image['id']], image, turned=False)]
    if as_shown and not as_stored:
        turned = [image for image in dataset['images'] if _is_stored_turned(image, img_dir)]
        for image in turned:
            image.update(height=image['width'], width=image['height'])
        print_log(f'{len(turned)} images are turned upright, since their boxes are meant so', 'current')
    elif as_shown or not as_stored:
        print_log(
            f'{len(turned)} of {len(checked)} images checked are turned by their EXIF data, and the annotation '
            'file states their sizes as they are stored; that boxes are meant so too cannot be seen from them. If they '
            'are meant as shown (as by Label Studio), swap height and width of these images in the file: '
            f'{_name([image["file_name"] for image in turned])}',
            'current',
            logging.WARNING,
        )


def _reach(dataset: dict) -> np.ndarray:
    """How far to the right and down the boxes of each image reach: (N, 2), 0 without any."""
    numbers = {image['id']: number for number, image in enumerate(dataset['images'])}
    reach = np.zeros((len(numbers), 2))
    annotations = dataset['annotations']
    boxes = np.array([annotation['bbox'] for annotation in annotations])
    np.maximum.at(reach, [numbers[annotation['image_id']] for annotation in annotations], boxes[:, :2] + boxes[:, 2:])
    return reach


def _only_fits(far: np.ndarray, image: dict, turned: bool) -> bool:
    """Whether boxes fit into the frame as it is stated, or turned by a quarter, and not the other way."""
    width, height = image['width'] + TOLERANCE, image['height'] + TOLERANCE
    as_stated, as_turned = far[0] <= width and far[1] <= height, far[0] <= height and far[1] <= width
    return as_turned and not as_stated if turned else as_stated and not as_turned


def _is_stored_turned(image: dict, img_dir: str | Path) -> bool:
    """Whether an image is shown with its sides swapped, and its size is stated as it is stored."""
    try:
        with Image.open(os.path.join(img_dir, image['file_name'])) as opened:
            size, orientation = opened.size, opened.getexif().get(ORIENTATION)
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError):
        return False
    width, height = size
    return orientation in QUARTER_TURNS and width != height and size == (image['width'], image['height'])
