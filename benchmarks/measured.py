"""Measured: figures of a benchmark, as a table and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.table import Table

from analysis.step_timing import Taken

Row = dict[str, Any]


@dataclass(frozen=True)
class Measured:
    """One table of figures.

    Attributes:
        title: What was measured, with its sizes.
        rows: Figures by their names, which give the unit; all rows have the same names.
        notes: What else a reader should know.
    """

    title: str
    rows: Sequence[Row]
    notes: Sequence[str] = field(default_factory=list)

    def table(self) -> Table:
        """Lay the rows out for a console."""
        table = Table(*self.rows[0], title=self.title, title_justify='left')
        for row in self.rows:
            table.add_row(*map(_text, row.values()))
        return table


def _text(value: Any) -> str:
    """Three digits of a number, and nothing where there is none."""
    if isinstance(value, float):
        return f'{value:.3g}' if abs(value) < 1000 else f'{value:.0f}'
    return '' if value is None else str(value)


def rows_of_ways(number: int, times: Mapping[str, Taken]) -> list[Row]:
    """Make rows of several ways to search for so many references; all are compared with the first."""
    first = next(iter(times.values()))
    return [
        {
            'references': number,
            'way': way,
            's': taken.seconds,
            'processor s': taken.processor_seconds,
            'ratio': taken.seconds / first.seconds,
            'ratio of processor s': taken.processor_seconds / first.processor_seconds,
        }
        for way, taken in times.items()
    ]
