"""Names of images below the folder of all, and drawn files of these names, also when that becomes a wider folder."""

import os
from collections.abc import Sequence
from pathlib import Path

from .output_names import common_folder
from .search_journal import SearchJournal


def name_images(files: Sequence[str], journal: SearchJournal, places: Sequence[Path]) -> list[str]:
    """Name images below the folder that all are in, those of an earlier search too, whose files move along.

    Args:
        files: Absolute paths.
        journal: It keeps that they are to be searched.
        places: Folders with files of these names, such as that of the overlays.
    """
    folder = os.path.commonpath([common_folder(files), *journal.folders[-1:]])
    is_wider = bool(journal.folders) and journal.folders[-1] != folder
    for place in places:
        settle(place, journal.folders)
        if is_wider:
            set_aside(place, journal.folders)
    names = journal.name(files, folder)
    for place in places:
        settle(place, journal.folders)
    return names


def set_aside(overlays: Path, folders: Sequence[str]) -> None:
    """Begin to move overlays, before the journal states a wider folder.

    Args:
        overlays: Their folder.
        folders: Those that names were relative to, one after the other; the overlays lie below the last.
    """
    if overlays.is_dir():
        os.replace(overlays, _aside(overlays, len(folders)))


def settle(overlays: Path, folders: Sequence[str]) -> None:
    """Lay what was set aside where it belongs, now or after a kill.

    Args:
        overlays: Their folder.
        folders: As in :func:`set_aside`; names are relative to the last.
    """
    for number, folder in enumerate(folders, 1):
        aside = _aside(overlays, number)
        if aside.is_dir():
            target = overlays / os.path.relpath(folder, folders[-1])
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(aside, target)


def _aside(overlays: Path, number: int) -> Path:
    """Its name says for which of the folders it is laid out."""
    return overlays.with_name(f'.{overlays.name}-{number}')
