"""The benchmarks of the protocol measure what they say."""

import re
import sys

import pytest
from tools_runner import DEMO, run, run_processes


@pytest.fixture(scope='module')
def rows() -> dict[str, list[str]]:
    """Rows of the benchmark of the evaluation, by what was measured."""
    output = run_processes(
        *(sys.executable, 'tools/analysis_tools/benchmark_evaluation.py'),
        *('--num-images', '12', '--num-detections', '6', '--runs', '2'),
    )
    assert re.search(r'12 images, \d+ objects, \d+ episodes a run, 6 detections each; load average \d', output)
    cells = [[cell.strip() for cell in line.strip('|').split('|')] for line in output.splitlines() if '|' in line]
    return {name: row for name, *row in cells}


@pytest.mark.slow
def test_evaluation_is_timed_beside_pycocotools_and_gives_the_same(rows: dict[str, list[str]]) -> None:
    for kind in ('bbox', 'segm'):
        _, _, ratio, _, _, difference = rows[f'{kind}, runs: 2']
        assert float(ratio) > 0
        assert float(difference) < 1e-9


@pytest.mark.slow
def test_the_confusion_matrix_is_timed(rows: dict[str, list[str]]) -> None:
    assert re.fullmatch(r'\d+\.\d', rows['confusion matrix, 1 run'][0])


def test_a_test_is_timed_beside_pairs() -> None:
    output = run(
        *('tools/analysis_tools/benchmark_test.py', DEMO, '--image-size', '64', '--ref-size', '32'),
        *('--categories', '1', '--runs', '2', '--repeats', '1'),
    )
    (row,) = (line for line in output.splitlines() if line.startswith('| 1 x 2'))
    *_, counted, _ = (float(cell) for cell in row.strip('|').split('|')[1:])
    # One of two passes of the image is saved, none of the rest.
    assert 0.5 < counted < 1
