"""What a wheel holds. ``tools/misc/test_wheel.sh`` installs one and trains by it."""

import runpy
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = (
    'LICENSE',
    'MANIFEST.in',
    'README.md',
    'analysis',
    'configs',
    'mmosis',
    'model-index.yml',
    'projects',
    'pyproject.toml',
    'setup.py',
    'tools',
)
BUILD = """
import os, shutil
from setuptools.build_meta import build_sdist, build_wheel
sdist = build_sdist('.')
shutil.unpack_archive(sdist)
os.chdir(sdist.removesuffix('.tar.gz'))
build_wheel('..')
"""


@pytest.fixture(scope='module')
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of a source distribution of a copy of the checkout, built without network."""
    pytest.importorskip('setuptools', minversion='77', reason='the build needs setuptools>=77')
    folder = tmp_path_factory.mktemp('build')
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, symlinks=True)
        else:
            shutil.copy(ROOT / name, folder)
    subprocess.run([sys.executable, '-c', BUILD], cwd=folder, check=True, capture_output=True)
    (path,) = folder.glob('*.whl')
    return zipfile.ZipFile(path)


def test_wheel_holds_the_package_configs_projects_tools_and_index(wheel: zipfile.ZipFile) -> None:
    expected = {'mmosis/py.typed', 'mmosis/.mim/model-index.yml'}
    for pattern in (
        'mmosis/**/*.py',
        'mmosis/weights/*.pth',
        'mmosis/weights/*/*',
        'mmosis/datasets/*.txt',
        'mmosis/web/page/*.*',
        'mmosis/web/page/photographs/*',
    ):
        expected |= {str(path.relative_to(ROOT)) for path in ROOT.glob(pattern)}
    folders = ('analysis', 'configs', 'projects', 'tools')
    for pattern in (*(f'{folder}/**/*.py' for folder in folders), 'configs/**/metafile.yml', 'tools/*.sh'):
        expected |= {f'mmosis/.mim/{path.relative_to(ROOT)}' for path in ROOT.glob(pattern)}
    commands = ('benchmark', 'benchmark_api', 'benchmark_runtimes')
    expected -= {f'mmosis/.mim/tools/analysis_tools/{name}.py' for name in commands}
    files = {name for name in wheel.namelist() if '.dist-info/' not in name}
    assert files == expected


def test_wheel_keeps_scripts_executable(wheel: zipfile.ZipFile) -> None:
    assert wheel.getinfo('mmosis/.mim/tools/dist_train.sh').external_attr >> 16 & 0o111


@pytest.mark.parametrize('name', ['analysis', 'configs', 'projects', 'tools', 'model-index.yml'])
def test_checkout_has_the_same_by_links(name: str) -> None:
    link = ROOT / 'mmosis' / '.mim' / name
    assert link.is_symlink()
    assert link.resolve() == ROOT / name


def test_demo_finds_its_config_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tool = ROOT / 'mmosis' / '.mim' / 'tools' / 'demo.py'
    assert Path(runpy.run_path(str(tool))['CONFIG']).is_file()
