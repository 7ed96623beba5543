"""The one node of a cluster of this machine alone, which starts on a busy machine too.

The raylet waits 15 seconds, which nothing can change, for helpers that import Python packages for seconds of processor
time: at a load of ten a core they need a minute, and it gives up. A search needs none of them. So the raylet is told
beforehand that they serve no ports, and other such processes are not started.

Ray must be imported by :mod:`mmosis.search.ray.ray_cluster`, which sets its environment first.
"""

import socket
import time
from typing import Any

from ray._private.node import Node
from ray._private.parameter import RayParams
from ray._raylet import (
    DASHBOARD_AGENT_LISTEN_PORT_NAME,
    METRICS_AGENT_PORT_NAME,
    METRICS_EXPORT_PORT_NAME,
    RUNTIME_ENV_AGENT_PORT_NAME,
    persist_port,
)

from mmosis.utils.cores import available_cores

NO_PORT = -1  # as Ray's helpers tell it where they do not serve
STORE = 2**28  # bytes of the object store; texts pass through it, no images
# Ray yields to all else on a machine by default, and a search in one process does not. The command does not wait for
# workers that it may not need.
CONFIG = dict(worker_niceness=0, prestart_worker_first_driver=False)


class LocalNode(Node):
    """A head node that has ended all its processes if it could not start.

    Args:
        folder: For sockets and logs.
        seconds: That the raylet may take.

    Raises:
        Exception: Of any of Ray's types.
        TimeoutError: If it takes longer.
    """

    def __init__(self, folder: str, seconds: float) -> None:
        self._seconds = seconds
        params = RayParams(
            num_cpus=available_cores(),
            include_dashboard=False,
            include_log_monitor=False,
            no_monitor=True,
            object_store_memory=STORE,
            temp_dir=folder,
            runtime_env_agent_port=_free_port(),
            _system_config=dict(CONFIG),  # Ray adds to it
        )
        try:
            super().__init__(params, head=True, shutdown_at_exit=False, spawn_reaper=True, ray_init_cluster=True)
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """End all processes."""
        self.kill_all_processes(check_alive=False, allow_graceful=True, wait=True)

    def start_api_server(self, **_: Any) -> None:
        """Start none: there is no dashboard."""

    def start_ray_processes(self) -> None:
        """Start the raylet, and wait until the cluster knows it."""
        for name in (DASHBOARD_AGENT_LISTEN_PORT_NAME, METRICS_AGENT_PORT_NAME, METRICS_EXPORT_PORT_NAME):
            persist_port(self._session_dir, self._node_id, name, NO_PORT)
        persist_port(
            self._session_dir, self._node_id, RUNTIME_ENV_AGENT_PORT_NAME, self._ray_params.runtime_env_agent_port
        )
        super().start_ray_processes()
        end = time.monotonic() + self._seconds
        while not self.get_gcs_client().get_all_node_info(timeout=self._seconds):
            if any(name == 'raylet' for name, _ in self.dead_processes()):
                raise RuntimeError('its raylet has ended')
            if time.monotonic() > end:
                raise TimeoutError(f'its raylet was not ready after {self._seconds:g} seconds')
            time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(('127.0.0.1', 0))
        return bound.getsockname()[1]
