"""The cells of the notebook run, and its outputs are those of a run."""

import ast
import json
from collections.abc import Iterator

import pytest
from pages import ROOT

CELLS = json.loads((ROOT / 'docs/search.ipynb').read_text())['cells']
CODE = [cell for cell in CELLS if cell['cell_type'] == 'code']


def run(cells: list[dict]) -> Iterator[object]:
    """Run cells as a kernel does; what the last line of each gives."""
    names: dict = {}
    for cell in cells:
        tree = ast.parse(''.join(cell['source']))
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, 'cell', 'exec'), names)
        yield None if last is None else eval(compile(ast.Expression(last.value), 'cell', 'eval'), names)


def test_the_cells_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.chdir(ROOT / 'docs')
    for cell, value in zip(CODE, run(CODE), strict=True):
        types = {output['output_type'] for output in cell['outputs']}
        assert ('stream' in types) == bool(capsys.readouterr().out)
        shown = [output['data'] for output in cell['outputs'] if output['output_type'] == 'execute_result']
        assert bool(shown) == (value is not None)
        for data in shown:
            assert ('text/html' in data) == hasattr(value, '_repr_html_')
            assert ('image/png' in data) == hasattr(value, '_repr_png_')


def test_the_outputs_are_of_one_run() -> None:
    assert [cell['execution_count'] for cell in CODE] == list(range(1, len(CODE) + 1))
    outputs = [output for cell in CODE for output in cell['outputs']]
    assert {output['output_type'] for output in outputs} == {'execute_result', 'stream'}
    assert {output.get('name', 'stdout') for output in outputs} == {'stdout'}
    assert (ROOT / 'docs/search.ipynb').stat().st_size < 100_000
