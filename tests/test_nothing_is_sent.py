"""What users are promised: no program of ours looks up or calls another machine, nor leaves an id on this one."""

import json
import os
import platform
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
from no_connections import CONNECT, KILLED
from tools_runner import ROOT

NO_CONNECTIONS = str(ROOT / 'tests/no_connections.py')
NEEDS_ONNX = pytest.mark.skipif(find_spec('onnxruntime') is None, reason='ONNX Runtime is not installed')
WAIT = 12  # seconds; ONNX Runtime sends nothing in the first nine


def run(home: Path, *words: str, **environment: str) -> subprocess.CompletedProcess:
    """Run Python with an empty home and without what a user may have set about telemetry."""
    unset = ('ORT_', 'RAY_', 'HF_', 'XDG_')
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unset)}
    env = kept | dict(HOME=str(home), PYTHONPATH=str(ROOT)) | environment
    return subprocess.run([sys.executable, *words], cwd=home, env=env, capture_output=True, text=True, check=False)


def files_in(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in folder.rglob('*') if path.is_file()]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / 'home').mkdir()
    return tmp_path / 'home'


@pytest.fixture
def photos(tmp_path: Path) -> str:
    """A folder with an image, beside the home."""
    (tmp_path / 'photos').mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / 'photos' / 'a.png'), noise)
    return str(tmp_path / 'photos')


@pytest.fixture
def no_connections(home: Path) -> str:
    """The helper, if this kernel has it; and it does what it should."""
    if sys.platform != 'linux' or platform.machine() not in CONNECT:
        pytest.skip(f'connections cannot be watched on {sys.platform} {platform.machine()}')
    connect = 'import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("127.0.0.1", 9))'
    done = run(home, NO_CONNECTIONS, '-c', connect)
    if 'OSError' in done.stderr:
        pytest.skip(f'the kernel lets nobody watch connections here: {done.stderr.splitlines()[-1]}')
    assert done.returncode == KILLED
    return NO_CONNECTIONS


@NEEDS_ONNX
@pytest.mark.parametrize(
    ('set_to', 'files'), [({}, []), (dict(ORT_DISABLE_TELEMETRY='0'), ['deviceid', 'onnxruntime.db'])]
)
def test_onnx_runtime_writes_no_id_unless_the_user_wants_it(home: Path, set_to: dict, files: list[str]) -> None:
    done = run(home, '-c', 'import mmosis.search.onnx.onnx_detector', **set_to)
    assert done.returncode == 0, done.stderr
    if set_to and not files_in(home):
        pytest.skip('this ONNX Runtime writes no id')
    assert sorted(Path(name).name for name in files_in(home)) == files


def test_nobody_imports_onnx_runtime_another_way() -> None:
    """Tests and tools neither."""
    imports = re.compile(r"^\s*(import|from) onnxruntime\b|importorskip\('onnxruntime", re.MULTILINE)
    folders = ('mmosis', 'analysis', 'benchmarks', 'projects', 'tools', 'tests', 'configs')
    files = [path for folder in folders for path in (ROOT / folder).rglob('*.py') if '.mim' not in path.parts]
    found = [path.relative_to(ROOT).as_posix() for path in files if imports.search(path.read_text())]
    assert found == ['mmosis/utils/onnx_runtime.py']


SEARCHES = """
import time
from mmosis.cli import main

reference = ['--reference', {photos!r} + '/a.png']
for runtime in {runtimes}:
    assert main(['search', {photos!r}, '--runtime', runtime, '--out', 'out/' + runtime, *reference]) == 0
if {index}:
    assert main(['index', {photos!r}, '--out', 'out/library']) == 0
    assert main(['search', '--index', 'out/library', '--out', 'out/chosen', *reference]) == 0
time.sleep({wait})
"""


@pytest.mark.slow
def test_a_search_and_an_index_connect_to_nothing(home: Path, photos: str, no_connections: str) -> None:
    """By either runtime; ONNX Runtime would look up Microsoft's host some time after."""
    runtimes = ['onnx', 'torch'] if find_spec('onnxruntime') else ['torch']
    index = find_spec('lancedb') is not None
    done = run(home, no_connections, '-c', SEARCHES.format(photos=photos, runtimes=runtimes, index=index, wait=WAIT))
    assert done.returncode == 0, done.stderr
    # Matplotlib, which mmdet imports, keeps a list of the machine's fonts.
    assert [name for name in files_in(home) if not name.startswith(('out/', '.cache/matplotlib/fontlist'))] == []


# Logs to a file what Python code of any process looks up or connects to.
WATCH = """
import json, os, sys

def log(event, args):
    if event in ('socket.getaddrinfo', 'socket.connect', 'socket.sendto'):
        where = args[0] if event == 'socket.getaddrinfo' else args[-1]
        if isinstance(where, tuple):
            where = where[0]
        with open({log!r}, 'a') as file:
            file.write(json.dumps(str(where)) + '\\n')

sys.addaudithook(log)
"""


@pytest.fixture
def watched(tmp_path: Path) -> Path:
    """A folder for PYTHONPATH that has all of Python watched; the watcher writes to ``log`` in it."""
    (tmp_path / 'watch').mkdir()
    (tmp_path / 'watch' / 'sitecustomize.py').write_text(WATCH.format(log=str(tmp_path / 'watch' / 'log')))
    return tmp_path / 'watch'


def is_here(where: str) -> bool:
    return where in ('127.0.0.1', '::1', 'localhost', '0.0.0.0', 'None') or where.startswith(('/', '\0'))


PAGE = """
import time
from urllib.request import urlopen
from mmosis.search import make_inferencer
from mmosis.search.service import SearchService
from mmosis.web import make_app
from web_server import served

with served(make_app(SearchService(make_inferencer()))) as address:
    assert b'mmosis' in urlopen(address).read()
    time.sleep(3)
"""


@pytest.mark.slow
def test_the_page_calls_nobody(home: Path, watched: Path) -> None:
    """What the browser asks for is watched where a browser is."""
    pytest.importorskip('starlette')
    done = run(home, '-c', PAGE, PYTHONPATH=f'{watched}:{ROOT}:{ROOT}/tests')
    assert done.returncode == 0, done.stderr
    logged = {json.loads(line) for line in (watched / 'log').read_text().splitlines()}
    assert logged
    assert [where for where in logged if not is_here(where)] == []
    assert files_in(home) == []


@pytest.mark.slow
@pytest.mark.skipif(find_spec('ray') is None, reason='Ray is not installed')
def test_a_cluster_of_this_machine_calls_nobody(home: Path, photos: str, watched: Path) -> None:
    """Ray would ask the cloud's metadata service where it runs."""
    words = ['-m', 'mmosis.cli', 'search', photos, '--reference', f'{photos}/a.png', '--out', 'out', '--ray']
    done = run(home, *words, PYTHONPATH=f'{watched}:{ROOT}')
    assert done.returncode == 0, done.stderr
    logged = {json.loads(line) for line in (watched / 'log').read_text().splitlines()}
    assert logged
    assert [where for where in logged if not is_here(where)] == []
    # Matplotlib, which mmdet imports, keeps a list of the machine's fonts.
    assert [name for name in files_in(home) if not name.startswith(('out/', '.cache/matplotlib/fontlist'))] == []
