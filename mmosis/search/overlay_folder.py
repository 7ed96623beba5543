"""Where overlays lie: below their folder as images do below the folder of all, also when that becomes a wider one."""

import os
from collections.abc import Sequence
from pathlib import Path


def set_aside(overlays: Path, folders: Sequence[str]) -> None:
    """Begin to move overlays, before the journal tells of a wider folder.

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
    """Which of the folders it is laid out for, its name tells."""
    return overlays.with_name(f'.{overlays.name}-{number}')
