"""The benchmark measures what it says."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tools_runner import DEMO, run, run_processes

from benchmarks import evaluation
from benchmarks.memory import in_new_process

TOOL = 'tools/analysis_tools/benchmark.py'
STOCK = 'configs/demo/mask_rcnn_demo_full.py'
SMALL = ('--image-size', '64', '--repeats', '1')


@pytest.fixture
def measure(tmp_path: Path):
    """Run a command of the tool: its tables of rows."""

    def measure(*args: str) -> list[list[dict]]:
        printed = run(TOOL, *args, '--json', tmp_path / 'out.json')
        figures = json.loads((tmp_path / 'out.json').read_text())
        assert re.search(r'device: .+, threads: 1, load average: [\d.]+, torch: \d', printed.replace('\n', ' '))
        assert set(figures['machine']) == {'device', 'threads', 'load_average', 'torch'}
        assert all(table['title'] in printed for table in figures['tables'])
        return [table['rows'] for table in figures['tables']]

    return measure


@pytest.mark.parametrize(('command', 'more'), [('pair', set()), ('step', {'backward', 'optimizer'})])
def test_detectors_take_turns_part_by_part(measure, command: str, more: set) -> None:
    steps, parts = measure(command, DEMO, STOCK, *SMALL, '--ref-size', '32', '--precisions', 'fp32')
    assert [row['detector'] for row in steps] == [Path(DEMO).stem, Path(STOCK).stem]
    assert min(row['s'] for row in steps) > 0
    names = {'backbone and neck', 'match', 'RPN', 'RoI pooling', 'box head', 'mask head', 'rest', 'total', *more}
    ours, stock = ([row['part'] for row in parts if row['detector'] == step['detector']] for step in steps)
    assert set(ours) == names
    assert set(stock) == names - {'match'}
    # The stock detector has as many regions and masks.
    heads = [[row['multiply-adds, G'] for row in parts if row['part'] == part] for part in ('box head', 'RPN')]
    assert all(one == other for one, other in heads)


def test_steps_of_heads_that_decide_among_references_are_timed(measure) -> None:
    small = (*SMALL, '--ref-size', '32', '--batch-size', '2', '--precisions', 'fp32')
    configs = [f'configs/matchers/{name}_demo.py' for name in ('mutual', 'metric')]
    steps, _ = measure('step', *configs, *small)
    assert [row['detector'] for row in steps] == ['mutual_demo', 'metric_demo']


def test_references_together_are_timed_beside_separate_searches(measure) -> None:
    options = ('--ref-size', '32', '--references', '2', '--runs', '2')
    (rows,) = measure('references', DEMO, *SMALL, *options)
    counts = {row['way']: row['ratio of these'] for row in rows}
    assert list(counts) == ['separate searches', 'one call', '2 calls']
    # One of two passes of the image is saved, none of the rest.
    assert 0.5 < counts['one call'] < counts['2 calls'] == counts['separate searches'] == 1


def test_a_composed_rpn_is_timed_beside_itself(measure) -> None:
    wide = ('model.match_neck.out_channels=128', 'model.rpn_head.in_channels=128', 'model.roi_head.mask_head=None')
    regions = ('model.roi_head.bbox_roi_extractor.out_channels=128', 'model.roi_head.bbox_head.in_channels=128')
    sizes = ('--image-size', '128', '--repeats', '1', '--ref-size', '32')
    switch = ('--cfg-options', 'model.rpn_head.type=ComposedRPNHead', *wide, *regions)
    (rows,) = measure('references', DEMO, *sizes, '--references', '4', *switch)
    counts = {row['way']: row['multiply-adds, G'] for row in rows}
    assert counts['one call'] < counts['one call, RPN not composed'] < counts['separate searches']


def test_a_users_search_is_timed(measure) -> None:
    (rows,) = measure('search', DEMO, *SMALL, '--references', '2', '3')
    assert [row['references'] for row in rows] == [2] * 4 + [3] * 4
    assert rows[0]['way'] == 'separate calls'
    assert rows[0]['ratio'] == 1


def test_data_are_timed_by_transform(measure, scenes: Path) -> None:
    root = f'train_dataloader.dataset.data_root={scenes}/'
    rows, beside = measure('data', DEMO, '--items', '2', '--cfg-options', root)
    assert rows[-1][''] == 'an item'
    assert beside[-1]['ms an item'] == rows[-1]['ms an item'] > 0


@pytest.mark.slow
def test_annotations_are_loaded_beside_the_stock_data_set(tmp_path: Path) -> None:
    out = tmp_path / 'out.json'
    sizes = ('--num-images', '200', '--num-annotations', '1500', '--num-workers', '2', '--items', '40')
    run_processes(sys.executable, TOOL, 'annotations', *sizes, '--folder', tmp_path, '--json', out)
    (table,) = json.loads(out.read_text())['tables']
    assert re.fullmatch(r'200 images, 1500 objects, 1 MiB; 2 workers, 40 items each', table['title'])
    nothing, stock, *ours = table['rows']
    assert (nothing['loaded, MiB'], nothing['of these serialised, MiB']) == (pytest.approx(0, abs=1), 0)
    for row in (stock, *ours):
        assert row['s to load'] > 0
        assert row['peak, MiB'] >= row['loaded, MiB'] > 0.5
        assert row['of these serialised, MiB'] == pytest.approx(stock['of these serialised, MiB'], rel=0.1)


@pytest.mark.slow
def test_the_evaluation_is_timed_beside_pycocotools_and_gives_the_same(
    measure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One measurement is made in a process of its own, as a user's are all; the others here, which spares imports."""
    started = []

    def in_few_processes(function: Callable, step: evaluation.Step) -> evaluation.Used:
        if step.name != 'confusion':
            return function(step)
        started.append(in_new_process(function, step))
        return started[-1]

    monkeypatch.setattr(evaluation, 'in_new_process', in_few_processes)
    measure('evaluation', '--num-images', '12', '--num-detections', '6', '--runs', '2')
    (table,) = json.loads((tmp_path / 'out.json').read_text())['tables']
    assert re.fullmatch(r'12 images, \d+ objects, \d+ episodes a run, 6 detections each', table['title'])
    rows = {row['']: row for row in table['rows']}
    for iou_type in ('bbox', 'segm'):
        assert rows[f'{iou_type}, runs: 2']['ratio'] > 0
        assert rows[f'{iou_type}, runs: 2']['difference of mAP'] < 1e-9
    (of_process,) = started
    assert rows['confusion matrix, 1 run']['ours, s'] == of_process.seconds > 0


def test_weights_are_those_of_one_config_beside_onnx() -> None:
    for args in ([DEMO, DEMO, '--onnx'], [DEMO]):
        with pytest.raises(ValueError, match='--weights are those of one config, beside --onnx'):
            run(TOOL, 'pair', *args, '--weights', 'a.pth')
