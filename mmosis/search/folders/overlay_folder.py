"""Names of images below the folder of all, and overlays of these names, also when that becomes a wider folder."""

import os
from collections.abc import Sequence
from pathlib import Path

from .output_names import common_folder
from .search_journal import SearchJournal


def name_images(files: Sequence[str], journal: SearchJournal, overlays: Path | None) -> list[str]:
    """Name images below the folder that all are in, those of an earlier search too, whose overlays move along.

    Args:
        files: Absolute paths.
        journal: It keeps that they are to be searched.
        overlays: The folder of overlays, if there are any.
    """
    folder = os.path.commonpath([common_folder(files), *journal.folders[-1:]])
    if overlays is None:
        return journal.name(files, folder)
    settle(overlays, journal.folders)
    if journal.folders and journal.folders[-1] != folder:
        set_aside(overlays, journal.folders)
    names = journal.name(files, folder)
    settle(overlays, journal.folders)
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
