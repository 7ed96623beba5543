"""The environment report names what a bug report needs."""

import runpy
import sys
from importlib import metadata

import pytest
import torch

import mmosis
from mmosis.compat.collect_env import collect_env
from mmosis.compat.ops import describe_ops


def test_report() -> None:
    report = collect_env()
    assert report['mmosis'] == mmosis.__version__
    assert report['PyTorch'] == torch.__version__
    assert report['CPU threads'] == torch.get_num_threads()
    assert report['CUDA available'] is torch.cuda.is_available()
    assert report['mmcv ops'] == describe_ops()
    for package in ('mmengine', 'mmcv', 'mmdet'):
        distribution, version = report[package].split()
        assert package in distribution or distribution == 'onedl-mmdetection'
        assert metadata.version(distribution) == version


def test_command_prints_the_report(capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, 'mmosis.compat.collect_env')
    runpy.run_module('mmosis.compat.collect_env', run_name='__main__')
    lines = capsys.readouterr().out.splitlines()
    assert f'mmosis: {mmosis.__version__}' in lines
    assert f'mmcv ops: {describe_ops()}' in lines
