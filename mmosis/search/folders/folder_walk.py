"""walk_folder: the files in a folder and its subfolders, without results of searches."""

import os
from collections import Counter
from collections.abc import MutableMapping
from pathlib import Path

from .search_journal import JOURNAL, RESULT_FOLDERS

RESULTS = 'folder(s) of results'


def walk_folder(folder: Path, problems: MutableMapping[str, Exception]) -> tuple[list[str], Counter[str]]:
    """List the files in a folder and its subfolders by name; links are followed, each folder is entered once.

    What is hidden does not count, nor what macOS keeps beside a file: ._IMG.jpg.

    Args:
        folder: The folder.
        problems: It gets the subfolders that cannot be read, and why.

    Returns:
        tuple: The paths, and how many folders of results of a search were not entered.

    Raises:
        OSError: If the folder itself cannot be read.
    """
    os.listdir(folder)
    files, skipped, entered = [], Counter(), {os.path.realpath(folder)}
    walk = os.walk(folder, followlinks=True, onerror=lambda error: problems.update({error.filename: error}))
    for place, below, names in walk:
        files += [os.path.join(place, name) for name in names if not name.startswith('.')]
        visible = [name for name in below if not name.startswith('.')]
        kept = [name for name in visible if not _has_results(place, name, JOURNAL in names)]
        skipped[RESULTS] += len(visible) - len(kept)
        real = {os.path.realpath(os.path.join(place, name)): name for name in sorted(kept, reverse=True)}
        below[:] = [name for path, name in real.items() if path not in entered]
        entered |= real.keys()
    return sorted(files), +skipped


def _has_results(place: str, name: str, beside_journal: bool) -> bool:
    """Whether a subfolder is what a search wrote."""
    return (beside_journal and name in RESULT_FOLDERS) or os.path.isfile(os.path.join(place, name, JOURNAL))
