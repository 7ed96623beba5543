"""A real Label Studio with our backend, and its SDK's brush. ``tools/misc/test_label_studio.sh`` runs these tests.

They need an environment of its own, which takes 0.8 GB, and the first start of a Label Studio takes a minute of a core.
"""

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import cv2
import numpy as np
import pytest
import uvicorn
from colour_inferencer import BLUE, RED, draw
from tools_runner import free_port

from mmosis.integrations.brush_rle import decode_brush, encode_brush
from mmosis.search.service import SearchService
from mmosis.structures import RLEMasks
from mmosis.web import make_app

VENV = os.environ.get('LABEL_STUDIO_VENV')
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not VENV, reason='tools/misc/test_label_studio.sh runs it: no LABEL_STUDIO_VENV'),
]
TOKEN = '0123456789abcdef0123456789abcdef01234567'
# No analytics, no error reports, no look for a newer version; and a backend on this machine may be called.
SETTINGS = dict(
    COLLECT_ANALYTICS='False', collect_analytics='False', SENTRY_DSN='', FRONTEND_SENTRY_DSN='',
    LATEST_VERSION_CHECK='False', ML_BLOCK_LOCAL_IP='False', SSRF_PROTECTION_ENABLED='False',
)  # fmt: skip
PATIENCE = 600  # seconds
DRIVER = Path(__file__).parent / 'drive_label_studio.py'
BRUSH = """
import json, sys
import numpy as np
from label_studio_sdk.converter.brush import decode_rle, mask2rle
masks, encoded = json.load(open(sys.argv[1]))
rles = [mask2rle(255 * np.array(mask, np.uint8)) for mask in masks]
decoded = [decode_rle(rle).reshape(*np.shape(mask), 4)[..., 3].tolist() for rle, mask in zip(encoded, masks)]
print(json.dumps([rles, decoded]))
"""


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[str]:
    """A Label Studio of its own, with one user; its address."""
    url = f'http://127.0.0.1:{(port := free_port())}'
    user = ['--username', 'user@example.org', '--password', 'secret-123', '--user-token', TOKEN]
    command = [f'{VENV}/bin/label-studio', 'start', '--no-browser', '--port', str(port), '--internal-host', '127.0.0.1']
    command += ['--data-dir', str(tmp_path / 'studio'), *user, '--enable-legacy-api-token']
    environment = os.environ | SETTINGS | dict(HOME=str(tmp_path))
    log = tmp_path / 'studio.log'
    with log.open('w') as file:
        process = subprocess.Popen(command, env=environment, stdout=file, stderr=file)
    try:
        end = time.monotonic() + PATIENCE
        while not _is_up(url):
            assert process.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < end, log.read_text()[-3000:]
            time.sleep(0.5)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def _is_up(url: str) -> bool:
    try:
        return urlopen(f'{url}/health', timeout=5).status == 200
    except (URLError, OSError):
        return False


@pytest.fixture
def backend(studio: str, service: SearchService, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Our server; its address, with a password. It reads images with a personal access token."""
    request = Request(f'{studio}/api/token/', b'', {'Authorization': f'Token {TOKEN}'})
    monkeypatch.setenv('LABEL_STUDIO_API_KEY', json.load(urlopen(request, timeout=60))['token'])
    app = make_app(service, label_tools=True, label_studio=studio, token='secret')
    server = uvicorn.Server(uvicorn.Config(app, port=(port := free_port()), log_level='warning'))
    thread = threading.Thread(target=server.run)
    thread.start()
    yield f'http://any:secret@127.0.0.1:{port}'
    server.should_exit = True
    thread.join()


def test_labelling_in_label_studio_teaches(studio: str, backend: str, tmp_path: Path) -> None:
    folder = tmp_path / 'photographs'
    folder.mkdir()
    scenes = [
        draw((10, 10, 30, 30, RED), (50, 10, 70, 30, RED)),
        draw((40, 40, 80, 80, RED), (90, 10, 110, 30, BLUE)),
        draw((20, 60, 60, 100, BLUE)),
    ]
    for number, scene in enumerate(scenes):
        cv2.imwrite(str(folder / f'{number}.png'), scene)
    command = [f'{VENV}/bin/python', str(DRIVER), studio, TOKEN, backend, str(folder)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert run.returncode == 0, run.stderr[-3000:]
    result = json.loads(run.stdout)
    assert result['state'] == 'CO'
    assert [hook['url'] for hook in result['hooks']] == [f'{backend}/webhook']
    assert [_paint(region) for region in result['interactive']['data']['result']] == [
        (10, 10, 30, 30),
        (50, 10, 70, 30),
    ]
    for predictions in (result['after_one'], result['after_two']):
        assert [[_paint(region) for region in each['result']] for each in predictions] == [[(40, 40, 80, 80)], []]
    versions = [each['model_version'] for key in ('after_one', 'after_two') for each in result[key]]
    assert len(set(versions)) == 2


def _paint(region: dict) -> tuple:
    """Box of a brush on images of 160 x 120."""
    rows, columns = np.nonzero(decode_brush(region['value']['rle'], (120, 160)))
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


def test_brush_is_that_of_the_sdk_both_ways(tmp_path: Path) -> None:
    rng, masks = np.random.default_rng(0), []
    for _ in range(40):
        height, width = rng.integers(1, 300, 2)
        mask = np.zeros((height, width), bool)
        part = mask[rng.integers(height) :, rng.integers(width) :]
        part[:] = rng.random(part.shape) < rng.choice([0.02, 0.5, 1])
        masks.append(mask)
    encoded = [encode_brush(RLEMasks.encode(mask[None]), 0) for mask in masks]
    (tmp_path / 'masks.json').write_text(json.dumps([[mask.tolist() for mask in masks], encoded]))
    command = [f'{VENV}/bin/python', '-c', BRUSH, str(tmp_path / 'masks.json')]
    rles, decoded = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert rles == encoded
    for mask, rle, read in zip(masks, rles, decoded, strict=True):
        assert np.array_equal(decode_brush(rle, mask.shape), mask)
        assert np.array_equal(np.array(read) > 0, mask)
