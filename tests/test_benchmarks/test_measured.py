import io

from rich.console import Console

from analysis.step_timing import Taken
from benchmarks.measured import Measured, rows_of_ways


def test_a_table_has_three_digits_and_gaps() -> None:
    measured = Measured(
        'a title', [{'what': 'one', 's': 0.012345, 'MiB': None}, {'what': 'two', 's': 12345.6, 'MiB': 7}]
    )
    out = io.StringIO()
    Console(file=out, width=80).print(measured.table())
    cells = [[cell.strip() for cell in line.split('│')[1:-1]] for line in out.getvalue().splitlines() if '│' in line]
    assert 'a title' in out.getvalue()
    assert cells == [['one', '0.0123', ''], ['two', '12346', '7']]


def test_ways_are_compared_with_the_first() -> None:
    apart, together = rows_of_ways(3, dict(apart=Taken(4, 8), together=Taken(1, 4)))
    assert apart == {
        'references': 3, 'way': 'apart', 's': 4, 'processor s': 8, 'ratio': 1, 'ratio of processor s': 1
    }  # fmt: skip
    assert (together['ratio'], together['ratio of processor s']) == (0.25, 0.5)
