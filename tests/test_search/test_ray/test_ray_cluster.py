"""How a cluster is joined, and how one starts on a machine that is too busy for Ray's own time limits."""

import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import pytest

from mmosis.search.ray import ray_cluster
from mmosis.utils.signals import Stopped, raise_on_signals

pytestmark = pytest.mark.skipif(find_spec('ray') is None, reason='Ray is not installed')

TIMED_OUT = 'The current node timed out during startup. This could happen because some of the raylet failed to startup.'

# The helpers of the raylet need longer than the raylet waits for them.
SLOW_HELPERS = """
import sys, time
if any(word.endswith(('dashboard/agent.py', 'agent/main.py')) for word in sys.orig_argv):
    time.sleep(20)
"""

# The first start times out after its processes were started, or when this one connects to them.
PROGRAM = f"""
import os
from mmosis.search.ray import ray_cluster

os.environ['RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER'] = '0'
from mmosis.search.ray.ray_node import LocalNode

import ray

failed, nodes, start, init = [], [], LocalNode.start_ray_processes, ray.init

def fail_once(where):
    if where == '{{where}}' and not failed:
        failed.append(nodes[0])
        raise Exception({TIMED_OUT!r})

def start_node(node):
    nodes.append(node)
    start(node)
    fail_once('node')

def connect(*given, **settings):
    init(*given, **settings)
    fail_once('init')

LocalNode.start_ray_processes, ray.init = start_node, connect
with ray_cluster.joined_cluster():
    assert failed and not failed[0].any_processes_alive()
    print(ray.get(ray.remote(lambda: 6 * 7).remote()))
"""


def start_with(monkeypatch: pytest.MonkeyPatch, errors: list[Exception]) -> list[str]:
    """Start nodes of which the first end in errors; returns what the last tells, and what has ended."""
    events = []

    @contextmanager
    def start() -> Iterator[str]:
        if errors:
            raise errors.pop(0)
        yield 'address'
        events.append('ended')

    monkeypatch.setattr(ray_cluster, '_started_node', start)
    monkeypatch.setattr(ray_cluster, '_connected', lambda address: nullcontext(events.append(address)))
    with ray_cluster._start():
        pass
    return events


class TestStart:
    def test_it_is_tried_once_more(self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
        assert start_with(monkeypatch, [Exception(TIMED_OUT)]) == ['address', 'ended']
        (record,) = caplog.records
        assert record.levelno == logging.WARNING
        expected = 'Ray did not start (The current node timed out during startup); it is tried once more'
        assert record.getMessage() == expected

    def test_and_no_more(self, monkeypatch: pytest.MonkeyPatch) -> None:
        errors = [RuntimeError('Failed to start GCS.\n at 0x1\n'), TimeoutError(), Exception('not reached')]
        message = (
            r'^Ray did not start on this machine, which was tried 2 times \(TimeoutError\): it is too busy or out of '
            'memory; try again later, or search without --ray$'
        )
        with pytest.raises(ConnectionError, match=message):
            start_with(monkeypatch, errors)
        assert len(errors) == 1

    @pytest.mark.slow
    @pytest.mark.parametrize('where', ['node', 'init'])
    def test_helpers_that_need_a_minute_and_a_start_that_times_out(self, where: str, tmp_path: Path) -> None:
        """The second start is used, nothing is left of the first, and in the end of neither."""
        (tmp_path / 'sitecustomize.py').write_text(SLOW_HELPERS)
        with TemporaryDirectory(prefix='r') as folder:  # sockets have short names
            environment = {name: value for name, value in os.environ.items() if not name.startswith('RAY_')}
            path = os.pathsep.join([str(tmp_path), os.environ.get('PYTHONPATH', '')])
            done = subprocess.run(
                [sys.executable, '-c', PROGRAM.format(where=where)],
                env=environment | dict(PYTHONPATH=path, TMPDIR=folder),
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            assert done.stdout.splitlines()[-1] == '42'
            assert 'Ray did not start (The current node timed out during startup); it is tried once' in done.stderr
            assert list(Path(folder).iterdir()) == []
            deadline = time.monotonic() + 60
            while processes_with(folder) and time.monotonic() < deadline:
                time.sleep(0.5)
            assert processes_with(folder) == []


def processes_with(word: str) -> list[str]:
    found = []
    for path in Path('/proc').glob('[0-9]*'):
        with suppress(OSError):
            command = (path / 'cmdline').read_bytes()
            found += [command.decode()] if word.encode() in command else []
    return found


class TestServersThatAreNoRay:
    @pytest.mark.parametrize(
        ('answer', 'reason'),
        [
            (b'', 'what answers there is no Ray'),
            (b'HTTP/1.1 400 Bad Request\r\n\r\n', 'what answers there is no Ray'),
            (None, 'timed out'),
        ],
    )
    def test_they_are_refused_at_once(self, answer: bytes | None, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ray_cluster, 'PATIENCE', 0.3 if answer is None else 10)
        kept = []
        with socket.create_server(('127.0.0.1', 0)) as server:

            def serve() -> None:
                connection, _ = server.accept()
                kept.append(connection)
                if answer is not None:
                    connection.recv(100)
                    connection.sendall(answer)
                    connection.close()

            Thread(target=serve, daemon=True).start()
            address = f'127.0.0.1:{server.getsockname()[1]}'
            message = rf'^there is no Ray cluster at {address} \({reason}\); give HOST:PORT as ray start --head tells'
            with pytest.raises(ConnectionError, match=message), ray_cluster.joined_cluster(address):
                pass


class TestSignals:
    """Ray sets a handler of its own while it starts, which ends the process."""

    def test_it_does_what_it_did_before(self) -> None:
        before = signal.getsignal(signal.SIGTERM)
        with ray_cluster._signals_kept():
            signal.signal(signal.SIGTERM, lambda number, _: sys.exit(number))
        assert signal.getsignal(signal.SIGTERM) is before

    def test_one_that_comes_in_the_meantime(self) -> None:
        def start() -> None:
            with ray_cluster._signals_kept():
                signal.signal(signal.SIGTERM, lambda number, _: sys.exit(number))
                signal.raise_signal(signal.SIGTERM)

        with pytest.raises(Stopped) as caught, raise_on_signals():
            start()
        assert caught.value.number == signal.SIGTERM

    def test_processes_do_not_get_them(self) -> None:
        """Those that start here; this one does again afterwards."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
        code = 'import signal; print(sorted(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, []))))'
        with ray_cluster._signals_blocked():
            done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
        assert {signal.SIGTERM, signal.SIGHUP} <= set(map(int, done.stdout.strip()[1:-1].split(',')))
        assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before
