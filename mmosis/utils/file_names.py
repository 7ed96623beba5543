"""Names of files that fit in a folder."""

import os
from hashlib import sha256

LONGEST = 255  # bytes of a name, in nearly all file systems


def fit_name(name: str) -> str:
    """Shorten the last part of a path if it is too long for a name; a hash of the full path stands for the rest."""
    folder, last = os.path.split(name)
    if len(os.fsencode(last)) <= LONGEST:
        return name
    return os.path.join(folder, mark_name(*os.path.splitext(last), name))


def mark_name(stem: str, suffix: str, full: str) -> str:
    """End a name with the hash of the full path that it stands for, within LONGEST."""
    end = f'~{sha256(os.fsencode(full)).hexdigest()[:12]}{suffix}'
    return os.fsencode(stem)[: LONGEST - len(os.fsencode(end))].decode('utf-8', 'ignore') + end
