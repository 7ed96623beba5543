"""Journal: what a search over many images has found so far, kept line by line."""

import json
import os
from pathlib import Path
from types import TracebackType

FORMAT = 'mmosis search 1'
_START = json.dumps(dict(format=FORMAT))[:-1].encode()  # of every journal


class Journal:
    """A file that gets a line for each image as it is done, so that a stop or a crash loses none.

    The first line says what is searched for and how. A line that a crash cut off is left out.

    Args:
        path: The file.
        settings: All that results hang on, as plain values.
        resume: Whether to go on with what is there.

    Raises:
        ValueError: If there is a journal and it is not to be resumed, or one of another search.
        OSError: If it cannot be written.
    """

    def __init__(self, path: str | Path, settings: dict, resume: bool) -> None:
        self.path = Path(path)
        header = json.loads(json.dumps(dict(format=FORMAT, **settings)))
        lines = self._read()
        if lines and lines[0].get('format') != FORMAT:
            raise ValueError(f'{self.path} is no journal of a search; write to another folder')
        if len(lines) == 1 and not resume:  # stopped before the first image: nothing to lose
            lines, self._whole = [], 0
        if lines and not resume:
            raise ValueError(
                f'{self.path.parent} has results of an earlier search ({len(lines) - 1} images); resume it, or '
                'write to another folder'
            )
        if lines:
            _check_header(lines[0], header, self.path)
        self.records = {line['file_name']: line for line in lines[1:] if 'error' not in line}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Unbuffered: what could not be written must not come back when the file is closed.
        self._file = self.path.open('r+b' if lines else 'wb', buffering=0)
        self._file.truncate(self._whole)
        self._file.seek(self._whole)
        if not lines:
            self._write(header)

    def add(self, record: dict) -> None:
        """Keep what was found in an image, or ``error`` where it could not be searched; it is on the disk after this.

        Raises:
            OSError: If the disk is full; the journal stays as it was before.
        """
        self._write(record)
        if 'error' not in record:
            self.records[record['file_name']] = record

    def __enter__(self) -> 'Journal':
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._file.close()

    def _read(self) -> list[dict]:
        """Read the whole lines of a journal that is there."""
        self._whole = 0
        if not self.path.is_file():
            return []
        content = self.path.read_bytes()
        self._whole = content.rfind(b'\n') + 1
        rest = content[self._whole :]
        try:
            lines = [json.loads(line) for line in content[: self._whole].splitlines()]
            if not all(isinstance(line, dict) for line in lines) or any('file_name' not in line for line in lines[1:]):
                raise ValueError('a line tells of no image')
            if not lines and not rest.startswith(_START[: len(rest)]):
                raise ValueError('it has no whole line')
        except ValueError as error:
            raise ValueError(f'{self.path} is no journal of a search ({error}); write to another folder') from error
        return lines

    def _write(self, record: dict) -> None:
        before, content = self._file.tell(), json.dumps(record).encode() + b'\n'
        try:
            while content:  # a full disk may take a part
                content = content[self._file.write(content) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            self._file.seek(before)
            self._file.truncate()
            raise type(error)(error.errno, f'cannot write {self.path}: {error.strerror}; all before is kept') from error


def _check_header(found: dict, wanted: dict, path: Path) -> None:
    other = sorted(key for key in wanted | found if wanted.get(key) != found.get(key))
    if other:
        raise ValueError(
            f'{path} is of a search that differs in {", ".join(other)}; resume with the same, or write to another '
            'folder'
        )
