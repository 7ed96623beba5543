"""Join a Ray cluster, or have one of this machine alone."""

import logging
import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from tempfile import TemporaryDirectory

LOCAL = 'local'
PATIENCE = 10  # seconds for a cluster to answer
STARTS = 2  # a machine that is too busy at one moment may not be at the next
START_SECONDS = 120  # for each step of a start; Ray's own limits are of 15 to 60
TOKEN = secrets.token_hex(32)  # of a local cluster; Ray would write one to the home folder
HTTP_2_SETTINGS = b'\x04'  # type of a frame, which either side sends first
HTTP_2_START = b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + bytes(3) + HTTP_2_SETTINGS + bytes(5)
LIMITS = ('gcs_server_port_wait_time_s', 'gcs_server_request_timeout_seconds', 'worker_register_timeout_seconds')


@contextmanager
def joined_cluster(address: str = LOCAL) -> Iterator[None]:
    """Have this process in a cluster.

    One that it has joined already is taken as it is, and not left.

    Args:
        address: HOST:PORT; 'local' starts a cluster on this machine alone, and ends it.

    Raises:
        ConnectionError: If there is no such cluster, or none starts here.
    """
    joined = 'ray' in sys.modules and sys.modules['ray'].is_initialized()
    with nullcontext() if joined else _local_cluster() if address == LOCAL else _cluster_at(address):
        yield


@contextmanager
def _local_cluster() -> Iterator[None]:
    """A cluster that nobody else can reach, and that leaves nothing behind."""
    settings = dict(
        RAY_USAGE_STATS_ENABLED='0',
        RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER='0',  # then all listens on the loopback address, as it does there
        RAY_AUTH_TOKEN=TOKEN,
        RAY_AUTH_MODE=None,  # by default Ray asks for the token
        RAY_BACKEND_LOG_LEVEL=os.environ.get('RAY_BACKEND_LOG_LEVEL', 'fatal'),
        RAY_ENABLE_AUTO_CONNECT='0',  # a call that comes too late would start another cluster, which reports its usage
    )
    settings |= {f'RAY_{name}': os.environ.get(f'RAY_{name}', str(START_SECONDS)) for name in LIMITS}
    before = {name: os.environ.get(name) for name in settings}
    _set_environment(settings)
    try:
        _check_loopback()
        with _start():
            yield
    finally:
        _set_environment(before)


def _start(tries: int = STARTS) -> ExitStack:
    """Start a node and connect to it; what has begun ends with the stack, or at once if it fails."""
    try:
        with ExitStack() as stack:
            stack.enter_context(_connected(stack.enter_context(_started_node())))
            return stack.pop_all()
    except Exception as error:  # Ray raises many types, Exception itself among them
        reason = _reason(error)
        if tries == 1:
            raise ConnectionError(
                f'Ray did not start on this machine, which was tried {STARTS} times ({reason}): it is too busy or out '
                'of memory; try again later, or search without --ray'
            ) from error
    logging.getLogger(__name__).warning('Ray did not start (%s); it is tried once more', reason)
    return _start(tries - 1)


@contextmanager
def _started_node() -> Iterator[str]:
    from .ray_node import LocalNode

    with TemporaryDirectory(prefix='mmosis-ray-', ignore_cleanup_errors=True) as folder:
        with _signals_blocked():
            node = LocalNode(folder, START_SECONDS)
        try:
            yield node.gcs_address
        finally:
            node.end()


def _set_environment(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _check_loopback() -> None:
    import ray

    if ray.util.get_node_ip_address() not in ('127.0.0.1', '::1'):
        raise ConnectionError(
            'Ray was imported before and would listen to the network; enter ray_workers first, or start a cluster by '
            'ray.init and take that'
        )


@contextmanager
def _cluster_at(address: str) -> Iterator[None]:
    """A cluster that others have started."""
    os.environ.setdefault('RAY_BACKEND_LOG_LEVEL', 'fatal')  # what goes wrong comes as an exception as well
    with ExitStack() as stack:
        try:
            _check_server(address)
            stack.enter_context(_connected(address))
        except Exception as error:  # Ray raises many types, Exception itself among them
            raise ConnectionError(
                f'there is no Ray cluster at {address} ({_reason(error)}); give HOST:PORT as ray start --head tells '
                'it, or --ray without an address for this machine alone'
            ) from error
        yield


@contextmanager
def _connected(address: str) -> Iterator[None]:
    import ray

    try:
        with _signals_kept():
            ray.init(address, log_to_driver=False, logging_level=logging.CRITICAL)
        yield
    finally:
        ray.shutdown()


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """Have processes that start here outlive a signal to all of the group: this one ends them, when it has written.

    Ray does the same with SIGINT.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Give SIGTERM back what it did before: from its start on Ray has it end the process, as if all were done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    except SystemExit:  # it came in the meantime
        signal.signal(signal.SIGTERM, before)
        signal.raise_signal(signal.SIGTERM)
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _check_server(address: str) -> None:
    """Refuse an address where no server of Ray's protocol answers; Ray itself tries for minutes."""
    host, _, port = address.rpartition(':')
    with socket.create_connection((host, int(port)), PATIENCE) as server:
        if os.environ.get('RAY_USE_TLS', '0') != '0':
            return
        server.sendall(HTTP_2_START)
        if server.recv(9)[3:4] != HTTP_2_SETTINGS:
            raise ConnectionError('what answers there is no Ray')


def _reason(error: Exception) -> str:
    """The first sentence of an error."""
    return str(error).strip().split('\n', 1)[0].split('. ', 1)[0] or type(error).__name__
