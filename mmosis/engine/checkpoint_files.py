"""Find the newest valid checkpoint of a work dir, to resume from."""

import logging
import re
import zipfile
from pathlib import Path
from time import localtime, strftime

from mmengine.logging import print_log

from mmosis.compat.checkpoint import load_from_local

# CheckpointHook's own names; the best ones and published ones hold no optimizer.
NAME = re.compile(r'(?:iter|epoch)_(\d+)\.pth')
# The Runner's format of meta.time.
TIME = '%Y%m%d_%H%M%S'


def newest_valid_checkpoint(work_dir: str | Path) -> str | None:
    """Find the checkpoint of a work dir that was written last and is valid; a warning names those that are corrupt.

    The files themselves are read. ``last_checkpoint`` may be old or empty after a kill, and in a copy of a work dir it
    names the original's file; it only names a checkpoint under another name, and where the work dir has none, of
    another folder. When a checkpoint was written is in it, since the times of copied files are those of the copying.

    Args:
        work_dir: The work dir; it need not exist.

    Returns:
        str: The path of the checkpoint, or None if there is no valid one.
    """
    corrupt = []
    for path in _newest_first(Path(work_dir)):
        damage = find_damage(path)
        if damage is None:
            _warn(corrupt, f'{path} is used instead')
            return str(path)
        corrupt.append(f'{path} ({damage})')
    _warn(corrupt, f'there is no valid one in {work_dir}')
    return None


def find_damage(path: str | Path) -> str | None:
    """Describe the damage of a checkpoint file, or None: its checksums are compared, and it is loaded as data."""
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
        if damaged is not None:
            return f'the checksum of {damaged} is wrong'
        load_from_local(path, map_location='meta')  # no memory for tensors
    except Exception as error:  # a corrupt file may fail anywhere inside the readers
        return str(error)
    return None


def _newest_first(work_dir: Path) -> list[Path]:
    """Checkpoints, the one written last first: a training that went back has written the same names again."""
    paths = _named(work_dir)
    pointer = work_dir / 'last_checkpoint'
    last = Path(pointer.read_text().strip()) if pointer.is_file() else Path()
    if last.is_file() or NAME.fullmatch(last.name):
        paths |= {path for path in [work_dir / last.name] if path.is_file()}
        paths = paths or {*_named(last.parent), last}
    return sorted(filter(Path.is_file, paths), key=_written, reverse=True)


def _named(folder: Path) -> set[Path]:
    return {path for path in folder.glob('*.pth') if NAME.fullmatch(path.name)}


def _written(path: Path) -> tuple[str, int]:
    """When a checkpoint was written, by its metadata, or by the file's time if it is corrupt; then its step."""
    match = NAME.fullmatch(path.name)
    try:
        time = load_from_local(path, map_location='meta')['meta']['time']
    except (ValueError, TypeError, KeyError):
        time = strftime(TIME, localtime(path.stat().st_mtime))
    return str(time), int(match[1]) if match else 0


def _warn(corrupt: list[str], instead: str) -> None:
    if corrupt:
        print_log(f'corrupt checkpoint {"; ".join(corrupt)}: {instead}', logger='current', level=logging.WARNING)
