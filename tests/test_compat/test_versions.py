"""Each environment that mmosis cannot run on is refused in one sentence: what was found, what to install."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import mmosis
from mmosis.compat import versions
from mmosis.compat.versions import check_versions, find_problem, find_suppliers, installed_versions

TORCH = {'torch': '2.15.0', 'torchvision': '0.29.2', 'numpy': '2.4.6'}
ONEDL = {**TORCH, 'onedl-mmengine': '0.10.12', 'onedl-mmcv': '2.3.6', 'onedl-mmdetection': '3.5.1'}
OPENMMLAB = {**TORCH, 'mmengine': '0.10.7', 'mmcv-lite': '2.1.0', 'mmdet': '3.3.0'}


def changed(installed: dict, **others: str | None) -> dict:
    """Replace versions; None uninstalls. Underscores stand for hyphens."""
    merged = {**installed, **{name.replace('_', '-'): version for name, version in others.items()}}
    return {name: version for name, version in merged.items() if version}


@pytest.mark.parametrize(
    'installed',
    [
        ONEDL,
        OPENMMLAB,
        changed(OPENMMLAB, mmcv_lite=None, mmcv='2.0.0rc4'),
        changed(ONEDL, torch='2.5.0+cu124'),
        changed(ONEDL, torch='2.11.0a0+gitabc', onedl_mmcv='2.4.0rc1'),
        changed(ONEDL, numpy='1.26.4', opencv_python='4.8.1.78'),
        changed(ONEDL, opencv_python='5.0.0.93', pycocotools='2.0.11'),
    ],
)
def test_supported_versions(installed: dict) -> None:
    assert find_problem(installed, (3, 10, 0), ['torch>=2.5']) is None


@pytest.mark.parametrize(
    ('installed', 'message'),
    [
        (changed(ONEDL, torch=None), r"needs torch>=2.5 and found none: pip install 'torch>=2.5'"),
        (changed(ONEDL, torch='2.4.1'), r"needs torch>=2.5 and found torch 2.4.1: pip install 'torch>=2.5'"),
        (changed(ONEDL, torchvision=None), r"needs torchvision>=0.20 and found none: pip install 'torchvision>=0.20'"),
        (TORCH, r"mmengine, mmcv and mmdet and found none of them: pip install 'onedl-mmengine>=.*' 'onedl-mmdet.*'"),
        (changed(ONEDL, onedl_mmcv=None), r"needs onedl-mmcv>=2.3.6 and found none: pip install 'onedl-mmcv>=2.3.6'"),
        (changed(ONEDL, onedl_mmcv='2.3.0'), r'needs onedl-mmcv>=2.3.6 and found onedl-mmcv 2.3.0: pip install'),
        (
            changed(OPENMMLAB, mmcv_lite='2.2.0'),
            r'needs mmcv-lite>=2.0.0rc4,<2.2.0 or mmcv>=2.0.0rc4,<2.2.0 and found mmcv-lite 2.2.0: pip install',
        ),
        (
            changed(OPENMMLAB, mmdet=None),
            r"needs mmdet>=3.3.0,<3.4.0 and found none: pip install 'mmdet>=3.3.0,<3.4.0'",
        ),
        (
            {**ONEDL, 'mmdet': '3.3.0'},
            r'onedl-mmengine 0.10.12 and onedl-mmcv 2.3.6 and onedl-mmdetection 3.5.1 and mmdet 3.3.0 are installed '
            r"together .*: pip uninstall -y onedl-mmengine .* mmdet, then pip install 'onedl-mmengine>=0.10.12'",
        ),
        (
            {**OPENMMLAB, 'mmcv': '2.1.0'},
            r'mmcv-lite 2.1.0 and mmcv 2.1.0 and mmdet 3.3.0 are installed together .* then pip install .mmengine>=',
        ),
        (
            changed(OPENMMLAB, opencv_python='4.8.1.78'),
            r"opencv-python 4.8.1.78 was built for numpy 1 and found numpy 2.4.6: pip install 'opencv-python>=4.10'",
        ),
    ],
)
def test_refused_versions(installed: dict, message: str) -> None:
    assert re.search(message, find_problem(installed, (3, 11, 7)) or '')


def test_old_python_is_refused() -> None:
    assert 'needs Python 3.10 or later and found 3.9.18' in find_problem(ONEDL, (3, 9, 18))


def test_torchvision_of_another_torch_is_refused() -> None:
    problem = find_problem(changed(ONEDL, torch='2.14.0'), (3, 11), ['torch==2.15.0'])
    assert "torchvision was built for torch==2.15.0 and found torch 2.14.0: pip install 'torch==2.15.0'" in problem


def test_import_error_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, 'installed_versions', lambda: TORCH)
    monkeypatch.setattr(versions, 'torchvision_needs', list)
    with pytest.raises(ImportError, match='mmosis cannot run here: it needs mmengine, mmcv and mmdet') as caught:
        check_versions()
    assert '\n' not in str(caught.value)


def test_this_environment_is_supported() -> None:
    check_versions()
    assert set(find_suppliers(installed_versions())) == {'mmengine', 'mmcv', 'mmdet'}


def test_refused_before_any_heavy_import(tmp_path: Path) -> None:
    """An interpreter that finds an old torch only: refused without importing it."""
    (tmp_path / 'torch-2.4.1.dist-info').mkdir()
    (tmp_path / 'torch-2.4.1.dist-info/METADATA').write_text('Metadata-Version: 2.1\nName: torch\nVersion: 2.4.1\n')
    (tmp_path / 'torch.py').write_text('raise SystemExit("torch was imported")')
    paths = [str(tmp_path), str(Path(mmosis.__file__).parents[1])]
    program = f'import sys; sys.path[:0] = {paths!r}; import mmosis.registry'
    result = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True, check=False)
    assert 'ImportError: mmosis cannot run here: it needs torch>=2.5 and found torch 2.4.1' in result.stderr
