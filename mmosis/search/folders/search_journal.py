"""SearchJournal: what a search over many images has found so far, kept line by line."""

import json
import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from mmosis.utils.format_names import FORMATS
from mmosis.utils.lock import lock_file

JOURNAL, OVERLAYS, CROPS = 'journal.jsonl', 'overlays', 'crops'
RESULT_FOLDERS = (OVERLAYS, CROPS, *FORMATS)  # beside a journal
FORMAT = 'mmosis search 1'
_START = json.dumps(dict(format=FORMAT))[:-1].encode()  # of every journal


class SearchJournal:
    """A file that gets a line for each image as it is done, so that a stop or a crash loses none.

    The first line says what is searched for and how. Others name images that are to be searched (``inputs``), below a
    ``folder``; where that is a wider one than before, all earlier names are below it from then on. A line that a crash
    cut off is ignored. One process at a time has the journal.

    Args:
        path: The file.
        settings: All that results hang on, as plain values.
        resume: Whether to go on with what is there.

    Attributes:
        folders: Those that names were relative to, one after the other; they are relative to the last.
        names: Images that were ever to be searched, in the order in which they were first named.
        records: What was found, by name; of a video also how many frames were searched, once all are.

    Raises:
        ValueError: If another process has it, or there is a journal and it is not to be resumed, or one of another
            search.
        OSError: If it cannot be written.
    """

    def __init__(self, path: str | Path, settings: dict, resume: bool) -> None:
        self.path = Path(path)
        self.folders: list[str] = []
        self.names: dict[str, None] = {}
        self.records: dict[str, dict] = {}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists() and not (self.path.is_file() or self.path.is_dir()):  # a pipe would wait for ever
            raise ValueError(f'{self.path} is no regular file; write to another folder')
        # Unbuffered: what could not be written must not come back when the file is closed.
        self._file = open(self.path, 'r+b', buffering=0, opener=_open_or_make)  # noqa: SIM115
        try:
            lock_file(self._file, f'another search writes to {self.path.parent}; wait for it, or take another folder')
            self._start(json.loads(json.dumps(dict(format=FORMAT, **settings))), resume)
        except BaseException:
            self._file.close()
            raise

    def name(self, files: Sequence[str], folder: str) -> list[str]:
        """Name images below a folder, and keep that they are to be searched.

        Args:
            files: Absolute paths.
            folder: That all of them and all earlier images are in.

        Raises:
            OSError: As in :meth:`add`.
        """
        names, before = [os.path.relpath(file, folder) for file in files], len(self.folders)
        self._move(folder)
        new = [name for name in names if name not in self.names]
        if new or len(self.folders) > before:
            self._write(dict(folder=folder, inputs=new))
            self.names.update(dict.fromkeys(new))
        return names

    def results(self) -> list[dict]:
        """Records of what was found, in the order of the names; frames of a video in its place."""
        frames = defaultdict(list)
        for record in self.records.values():
            if 'frame' in record:
                frames[os.path.dirname(record['file_name'])].append(record)
        images = [name for name in self.names if 'found' in self.records.get(name, ())]
        parts = {name: [self.records[name]] for name in images} | frames
        return [record for name in self.names for record in parts.get(name, [])]

    def searched(self) -> set[str]:
        """Names of the images and videos of which there are results."""
        return {os.path.dirname(name) if 'frame' in record else name for name, record in self.records.items()}

    def add(self, record: dict) -> None:
        """Keep what was found in an image, or ``error`` where it could not be searched; it is on the disk after this.

        Raises:
            OSError: If the disk is full; the journal stays as it was before.
        """
        self._write(record)
        if 'error' not in record:
            self.records[record['file_name']] = record

    def __enter__(self) -> 'SearchJournal':
        return self

    def __exit__(self, error_type: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._file.close()

    def _start(self, header: dict, resume: bool) -> None:
        """Go on with what is there, or begin."""
        lines, size = self._read()
        if lines and lines[0].get('format') != FORMAT:
            raise ValueError(f'{self.path} is no journal of a search; write to another folder')
        searched = {line['file_name'] for line in lines if 'file_name' in line}
        if searched and not resume:
            raise ValueError(
                f'{self.path.parent} has results of an earlier search ({len(searched)} images); resume it, or '
                'write to another folder'
            )
        if not resume:  # stopped before the first image: nothing to lose
            lines, size = [], 0
        if lines:
            self._move(lines[0].pop('folder', None))
            found = lines[0]
            other = sorted(key for key in header | found if header.get(key) != found.get(key))
            if other:
                raise ValueError(
                    f'{self.path} is of a search that differs in {", ".join(other)}; resume with the same, or write to '
                    'another folder'
                )
        for line in lines[1:]:
            self._take(line)
        self._file.truncate(size)
        self._file.seek(size)
        if not lines:
            self._write(header)

    def _read(self) -> tuple[list[dict], int]:
        """Read the complete lines, and how many bytes they have."""
        content = self._file.read()
        size = content.rfind(b'\n') + 1
        rest = content[size:]
        try:
            lines = [json.loads(line) for line in content[:size].splitlines()]
            known = ('file_name' in line or {'folder', 'inputs'} <= line.keys() for line in lines[1:])
            if not all(isinstance(line, dict) for line in lines) or not all(known):
                raise ValueError('a line is of no image')
            if not lines and not rest.startswith(_START[: len(rest)]):
                raise ValueError('it has no complete line')
        except ValueError as error:
            raise ValueError(f'{self.path} is no journal of a search ({error}); write to another folder') from error
        return lines, size

    def _take(self, line: dict) -> None:
        """Take what a line after the first states."""
        if 'inputs' in line:
            self._move(line['folder'])
            self.names.update(dict.fromkeys(line['inputs']))
            return
        if 'frame' not in line:
            self.names.setdefault(line['file_name'])
        if 'error' not in line:
            self.records[line['file_name']] = line

    def _move(self, folder: str | None) -> None:
        """Have all names relative to a folder that the one before is in."""
        if folder is None or self.folders[-1:] == [folder]:
            return
        if self.folders:
            below = os.path.relpath(self.folders[-1], folder)
            self.names = {os.path.join(below, name): None for name in self.names}
            moved = [dict(record, file_name=os.path.join(below, name)) for name, record in self.records.items()]
            self.records = {record['file_name']: record for record in moved}
        self.folders.append(folder)

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


def _open_or_make(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CREAT, 0o666)
