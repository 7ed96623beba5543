"""Imports of the hosts that a search does not need are put off, and are made when they are needed."""

import inspect
import subprocess
import sys
from importlib import import_module
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from mmosis.compat import deferred

HEAVY = ('imgaug', 'matplotlib.pyplot', 'numba', 'scipy.stats', 'scipy.optimize', 'sympy')
SEARCH = f"""
import sys
import numpy as np
from mmosis.apis import OneShotInferencer
inferencer = OneShotInferencer(device='cpu', show_progress=False)
image = np.random.RandomState(0).randint(0, 255, (96, 96, 3), dtype=np.uint8)
inferencer(image, references=image[:32, :32].copy())
print([name for name in {HEAVY!r} if name in sys.modules])
"""
USE = """
import scipy.sparse
from mmdet.evaluation.metrics import crowdhuman_metric
assert crowdhuman_metric.csr_matrix is scipy.sparse.csr_matrix
from mmengine.registry import MODEL_WRAPPERS, STRATEGIES
from torch.distributed.fsdp import FullyShardedDataParallel
assert MODEL_WRAPPERS.get('MMFullyShardedDataParallel').__bases__ == (FullyShardedDataParallel,)
from mmengine.model import MMFullyShardedDataParallel
assert MMFullyShardedDataParallel is MODEL_WRAPPERS.get('MMFullyShardedDataParallel')
assert STRATEGIES.get('FSDPStrategy').__module__ == 'mmengine._strategy.fsdp'
drawn = inferencer(image, references=image[:32, :32].copy(), return_vis=True)['visualization']
assert drawn[0].ndim == 3
import matplotlib.pyplot, mmdet.utils.mot_error_visualize as host
assert host.plt is matplotlib.pyplot
import torchvision.ops, torch
assert torchvision.ops.roi_align.__module__ == 'torchvision.ops.roi_align'
assert torchvision.ops.roi_align(torch.ones(1, 1, 8, 8), torch.tensor([[0.0, 0, 0, 4, 4]]), 2).shape == (1, 1, 2, 2)
"""


def run(program: str) -> str:
    result = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_a_search_imports_none_of_it_and_it_is_there_when_used() -> None:
    assert run(SEARCH + USE).splitlines() == ['[]']


@pytest.mark.parametrize('first', ['import scipy.optimize, matplotlib.pyplot', 'import mmosis', 'import mmdet'])
def test_users_import_what_they_always_did(first: str) -> None:
    run(
        f'{first}\nimport mmosis.registry, mmdet.models, mmdet.visualization, inspect, sys\n'
        'import scipy.optimize, matplotlib, matplotlib.pyplot as plt\n'
        'from mmdet.models.task_modules.assigners import hungarian_assigner\n'
        'assert hungarian_assigner.linear_sum_assignment is scipy.optimize.linear_sum_assignment\n'
        'assert type(scipy) is type(matplotlib) is type(plt) is type(sys)\n'
        'inspect.getmodule(inspect.currentframe())\n'
        'for module in list(sys.modules.values()): inspect.getattr_static(module, "__file__", None)\n'
    )


def test_sources_classes_and_lines_are_the_hosts() -> None:
    module = import_module('mmdet.models.task_modules.assigners.hungarian_assigner')
    assert inspect.getsource(module.HungarianAssigner).startswith('@TASK_UTILS.register_module()')
    assert module.HungarianAssigner.assign.__code__.co_filename == module.__file__


def test_bytecode_has_a_name_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / 'late_host.py'
    source.write_text('import colorsys\ndef use(): return colorsys\n')
    monkeypatch.setitem(deferred.DEFERRED, 'late_host', ('colorsys',))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, 'dont_write_bytecode', False)
    monkeypatch.setattr(sys, 'pycache_prefix', None)
    for _ in range(2):
        monkeypatch.delitem(sys.modules, 'late_host', raising=False)
        module = import_module('late_host')
        assert 'colorsys' not in vars(module)
        assert module.use().__name__ == 'colorsys'
    sys.modules.pop('late_host')
    assert not Path(cache_from_source(str(source))).exists()
    assert len(list(tmp_path.glob('__pycache__/*.mmosis-*.pyc'))) == 1


def test_it_is_installed_once() -> None:
    deferred.install()
    assert sum(isinstance(finder, deferred._Finder) for finder in sys.meta_path) == 1
