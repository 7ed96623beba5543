"""A folder that an export writes completely or not at all, and never over what somebody has changed in it."""

import hashlib
import os
import shutil
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmosis.search.exports.export_content import ExportContent
from mmosis.search.exports.export_formats import images_folder, write_records
from mmosis.search.video.video_reader import write_frames
from mmosis.utils.atomic import write_atomic

TEXTS = ('.json', '.txt', '.yaml', '.xml', '.csv')  # other files are images, which are not read


def export_search(folder: Path, content: ExportContent, images: Path, max_pixels: int) -> None:
    """Write the folder of a format, with links to the images that are files, and the frames of videos.

    Args:
        folder: The folder, named after the format.
        content: What was found.
        images: Folder that names of images and videos are relative to. What is not there any more is omitted, as are
            frames of webcams.
        max_pixels: Of a frame.

    Raises:
        OSError: If it cannot be written; an earlier one is left.
        ValueError: If a video is another file now.
    """
    there: dict[str, Path] = {}
    videos: dict[Path, dict[int, str]] = defaultdict(dict)
    for record in content.records:
        file = images / record['file_name']
        if 'frame' in record and file.parent.is_file():
            videos[file.parent][record['frame']] = content.image_name(record['file_name'])
        elif file.is_file():
            there[record['file_name']] = file

    def write(part: Path) -> None:
        write_records(content, folder.name, part, there)
        place = images_folder(folder.name)
        if place is not None:
            for video, names in videos.items():
                write_frames(str(video), {number: part / place / name for number, name in names.items()}, max_pixels)

    replace_folder(folder, write)


def check_unchanged(folder: Path) -> None:
    """Refuse to replace a folder that is not as it was written, as after corrections in a label tool.

    Raises:
        ValueError: If it is another.
    """
    note = _note(folder)
    if os.path.lexists(folder) and not (note.is_file() and note.read_text() == _digest(folder)):
        raise ValueError(f'{folder} is not as a search wrote it, and would be replaced; rename it or remove it')


def replace_folder(folder: Path, write: Callable[[Path], Any]) -> None:
    """Write a folder and put it where an earlier one is; :func:`check_unchanged` comes first.

    Args:
        folder: The folder.
        write: It writes one of another name, which does not exist.

    Raises:
        OSError: If it cannot be written; the earlier one is left.
    """
    part, old = (folder.with_name(f'.{folder.name}.{state}') for state in ('part', 'old'))
    for leftover in (part, old):
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        write(part)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    digest = _digest(part)
    if folder.exists():
        os.replace(folder, old)
    write_atomic(_note(folder), digest)
    os.replace(part, folder)
    shutil.rmtree(old, ignore_errors=True)


def _note(folder: Path) -> Path:
    return folder.with_name(f'.{folder.name}.sha256')


def _digest(folder: Path) -> str:
    """Hash names of files and what is in texts."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob('*')):
        digest.update(os.fsencode(path.relative_to(folder)) + b'\0')
        if path.suffix in TEXTS and path.is_file():
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
