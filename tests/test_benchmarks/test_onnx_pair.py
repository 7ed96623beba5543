"""Pairs are timed on both runtimes, and what they find is compared."""

import json
from pathlib import Path

import numpy as np
import pytest
from deployment_models import PUBLISHED, make_inferencer
from tools_runner import DEMO, run

pytest.importorskip('onnx')
pytest.importorskip('mmosis.utils.onnx_runtime')

from benchmarks.onnx_pair import _compare, time_pairs
from mmosis.deployment import export_onnx
from mmosis.search.onnx.onnx_detector import OnnxDetector


def test_both_are_timed_and_find_the_same(tmp_path: Path) -> None:
    inferencer = make_inferencer(PUBLISHED, tmp_path)
    export_onnx(inferencer, tmp_path / 'out')
    rng = np.random.default_rng(0)
    image, reference = (rng.integers(0, 256, (3, side, side), np.uint8) for side in (128, 192))
    times = time_pairs(inferencer, OnnxDetector(tmp_path / 'out', num_threads=1), image, reference, repeats=1)
    assert min(*times.seconds, *times.processor_seconds) > 0
    assert times.num_detections[0] == times.num_detections[1] == times.num_same > 0
    assert times.box_difference < 1e-2
    assert times.score_difference < 1e-4


def found(*rows: tuple[float, ...]) -> dict[str, np.ndarray]:
    table = np.array(rows, np.float32).reshape(-1, 5)
    return dict(bboxes=table[:, :4], scores=table[:, 4])


def test_equal_detections_may_come_in_another_order() -> None:
    a, b, other = (0, 0, 9, 9, 0.9), (5, 5, 8, 8, 0.9), (1, 1, 7, 7, 0.5)
    assert _compare(found(a, b), found(b, a)) == (2, 0, 0)
    assert _compare(found(a, b), found(other, (0, 0.05, 9, 9, 0.9))) == (1, pytest.approx(0.05), 0)
    assert _compare(found(a), found()) == (0, 0, 0)
    assert _compare(found(), found(a)) == (0, 0, 0)


def test_the_tool_gives_a_row_for_each_config(tmp_path: Path) -> None:
    out = tmp_path / 'out.json'
    options = ('--onnx', '--image-size', '64', '--repeats', '1', '--json', out)
    printed = run('tools/analysis_tools/benchmark.py', 'pair', DEMO, *options)
    assert 'one image and one reference at 64 pixels, fp32, on torch and ONNX Runtime' in printed
    ((row,),) = (table['rows'] for table in json.loads(out.read_text())['tables'])
    assert row['detector'] == Path(DEMO).stem
    same, detections = row['same detections'].split(' of ')
    assert int(same) == int(detections) > 0
