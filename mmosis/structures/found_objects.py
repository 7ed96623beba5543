"""FoundObjects: what a search found, without torch."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

Column = np.ndarray | Sequence


class FoundObjects:
    """N objects, a column a property: what MMEngine's ``InstanceData`` is to tensors, for arrays.

    Columns are attributes and can be read by name too. What a search gives has ``bboxes`` (N, 4) xyxy in pixels of the
    image, float32; ``scores`` (N,), 0-1; ``labels`` (N,), positions of categories; and ``masks``, an
    :class:`~mmosis.structures.RLEMasks`, where the model gives them.

    Args:
        **columns: Arrays, or sequences that can be indexed as arrays are and have a ``cat``.

    Raises:
        ValueError: If there is no column, or their lengths differ.
    """

    def __init__(self, **columns: Column) -> None:
        sizes = {name: len(column) for name, column in columns.items()}
        if len(set(sizes.values())) != 1:
            raise ValueError(f'found objects have columns of one length, got {sizes}')
        self._columns = columns

    def __len__(self) -> int:
        return len(next(iter(self._columns.values())))

    def __getattr__(self, name: str) -> Any:
        if name == '_columns' or name not in self._columns:
            raise AttributeError(f'these objects have no {name}')
        return self._columns[name]

    def __contains__(self, name: str) -> bool:
        return name in self._columns

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __getitem__(self, index: str | slice | np.ndarray) -> Any:
        """Read a column by its name, or select objects by slice, positions or a boolean mask."""
        if isinstance(index, str):
            return self._columns[index]
        return FoundObjects(**{name: column[index] for name, column in self._columns.items()})

    def with_columns(self, **columns: Column) -> 'FoundObjects':
        """Copy, with other columns or further ones."""
        return FoundObjects(**{**self._columns, **columns})

    def without_columns(self, *names: str) -> 'FoundObjects':
        """Copy, without some columns."""
        return FoundObjects(**{name: column for name, column in self._columns.items() if name not in names})

    @staticmethod
    def cat(parts: Sequence['FoundObjects']) -> 'FoundObjects':
        """Join objects of the same columns, in their order."""
        return FoundObjects(**{name: _cat([part[name] for part in parts]) for name in parts[0]})


def _cat(columns: Sequence[Column]) -> Column:
    return np.concatenate(columns) if isinstance(columns[0], np.ndarray) else columns[0].cat(columns)
