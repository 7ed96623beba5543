"""The host is made fit when it is imported, in any order, and not before."""

import subprocess
import sys

import pytest

CHECK = """
import sys
from mmengine.config.utils import MODULE2PACKAGE
from mmengine.runner import CheckpointLoader
from mmosis.compat import checkpoint
assert CheckpointLoader._schemes[''] is checkpoint.load_from_local
import mmcv._ext
assert MODULE2PACKAGE['mmosis'] == 'mmosis.registry'
import mmengine
assert type(mmengine.__loader__).__name__ == 'SourceFileLoader'
"""


def run(program: str) -> None:
    result = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize('first', ['import mmosis, mmdet', 'import mmdet, mmosis', 'import mmosis.registry'])
def test_whatever_comes_first(first: str) -> None:
    run(first + CHECK)


def test_nothing_heavy_comes_with_the_package() -> None:
    heavy = ('torch', 'mmengine', 'mmcv', 'mmdet', 'scipy.special', 'onnxruntime')
    run(f'import mmosis.search, sys; assert not {set(heavy)!r} & set(sys.modules)')
    run('import mmosis.cli, sys; assert not {"numpy", "cv2"} & set(sys.modules)')
