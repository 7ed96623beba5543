"""NamedBanks: reference banks by name, in a folder or in memory."""

import re
from pathlib import Path
from threading import RLock

from .reference_bank import ReferenceBank

SUFFIX = '.safetensors'
MAX_BANKS = 200
NAME = re.compile(r'\w[\w .-]{0,58}[\w-]|\w')  # a file name of at most 255 bytes


class NoSuchBank(ValueError):
    """There is no bank of a name."""


class NamedBanks:
    """Reference banks by name; safe to use from several threads.

    Args:
        folder: Where they are, a file each, ``NAME.safetensors``; made when the first one is saved. None: in memory.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = None if folder is None else Path(folder)
        self._banks: dict[str, ReferenceBank] = {}
        self._lock = RLock()

    def names(self) -> list[str]:
        """Names of the banks, sorted."""
        if self.folder is None:
            return sorted(self._banks.copy())
        stems = (path.name.removesuffix(SUFFIX) for path in self.folder.glob(f'*{SUFFIX}') if path.is_file())
        return sorted(stem for stem in stems if NAME.fullmatch(stem))

    def load(self, name: str) -> ReferenceBank:
        """Read a bank.

        Raises:
            NoSuchBank: If there is none of this name; it is a ValueError.
            ValueError: If its file is broken.
        """
        with self._lock:
            if self.folder is None:
                if name in self._banks:
                    return self._banks[name]
            elif NAME.fullmatch(name) and self._file(name).is_file():
                return ReferenceBank.load(self._file(name))
        names = ', '.join(map(repr, self.names()))
        raise NoSuchBank(f'there is no bank {name[:100]!r}; there is {names or "none yet"}')

    def save(self, name: str, bank: ReferenceBank) -> None:
        """Keep a bank under a name, instead of an older one.

        Raises:
            ValueError: If the name cannot be that of a file, or there are too many banks.
            OSError: If it cannot be written.
        """
        if not NAME.fullmatch(name):
            raise ValueError(
                f'the name of a bank has up to 60 letters, digits, spaces, dots and dashes, got {name[:100]!r}'
            )
        with self._lock:
            names = self.names()
            if name not in names and len(names) >= MAX_BANKS:
                raise ValueError(f'there are {len(names)} banks, and there may be {MAX_BANKS}; remove one first')
            if self.folder is None:
                self._banks[name] = bank
            else:
                bank.save(self._file(name))

    def remove(self, name: str) -> None:
        """Remove a bank.

        Raises:
            NoSuchBank: If there is none of this name.
        """
        with self._lock:
            if name not in self.names():
                self.load(name)  # which says so
            if self.folder is None:
                del self._banks[name]
            else:
                self._file(name).unlink()

    def replace(self, name: str, origin_prefix: str, bank: ReferenceBank | None) -> None:
        """Replace the references of a bank whose origin begins with a prefix; others stay.

        A bank in which nothing to search for is left is removed; one that is not there yet is made.

        Args:
            name: Of the bank.
            origin_prefix: Of what is replaced.
            bank: The new references; None for none.

        Raises:
            ValueError: As :meth:`save`, or if the bank has references of another model.
        """
        with self._lock:
            if name not in self.names():
                if bank is not None:
                    self.save(name, bank)
                return
            old = self.load(name)
            joined = old if bank is None else old.add(bank)
            kept = [
                row
                for row, entry in enumerate(joined.entries)
                if row >= len(old) or not entry.origin.startswith(origin_prefix)
            ]
            if all(joined.entries[row].negative for row in kept):
                self.remove(name)
            else:
                self.save(name, joined.select(kept))

    def _file(self, name: str) -> Path:
        return self.folder / f'{name}{SUFFIX}'
