"""Values and ids in arrays, so that forked processes share them.

Whoever reads a Python object writes its reference count, so every worker of a data loader soon has its own copy of
lists and dicts; pages of an array stay shared. MMEngine keeps the annotations themselves so too.
"""

import pickle
from array import array
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np


class PackedList(Sequence):
    """A list that does not change; every value is pickled by itself, and read anew at each access.

    Args:
        values: What it holds.
    """

    def __init__(self, values: Iterable[Any]) -> None:
        content, ends = bytearray(), array('q', [0])
        for value in values:
            content += pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
            ends.append(len(content))
        self._content = np.frombuffer(bytes(content), np.uint8)
        self._ends = np.array(ends)

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(f'an index must be in 0 to {len(self) - 1}, got {index}')
        return pickle.loads(memoryview(self._content[self._ends[index] : self._ends[index + 1]]))


def id_array(ids: Sequence[int | str]) -> np.ndarray:
    """Put ids in an array: int64 or text; of objects where a number needs more than 64 bits.

    Args:
        ids: All numbers or all words. NumPy by itself would round large numbers.
    """
    if not len(ids):
        return np.zeros(0, dtype=np.int64)
    if isinstance(ids[0], str):
        return np.array(ids)
    try:
        return np.array(ids, dtype=np.int64)
    except OverflowError:
        return np.array(ids, dtype=object)


class IdIndex:
    """The positions of ids in a list.

    Args:
        ids: Different ids, all numbers or all words.

    Raises:
        ValueError: If some are numbers and some are words.
    """

    def __init__(self, ids: Sequence[int | str] | np.ndarray) -> None:
        if not isinstance(ids, np.ndarray) and len({isinstance(each, str) for each in ids}) > 1:
            raise ValueError('the ids of a file must be all numbers or all words, got both; number them anew')
        keys = ids if isinstance(ids, np.ndarray) else id_array(ids)
        self._order = np.argsort(keys, kind='stable')
        self._keys = keys[self._order]

    def find(self, wanted: int | str) -> int:
        """Return the position of an id, -1 if it is not in the list."""
        if isinstance(wanted, str) != (self._keys.dtype.kind == 'U'):
            return -1
        position = int(np.searchsorted(self._keys, wanted))
        found = position < len(self._keys) and self._keys[position] == wanted
        return int(self._order[position]) if found else -1
