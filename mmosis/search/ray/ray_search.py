"""Searching on a Ray cluster: every worker loads the model once, and takes images as it can."""

import json
import logging
import os
import socket
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from importlib.util import find_spec
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np

from mmosis.search.base import SearchBase
from mmosis.search.folders.folder_search import Executor, search_file
from mmosis.search.options import SearchOptions
from mmosis.search.reference_bank import ReferenceBank
from mmosis.search.runtimes import make_inferencer
from mmosis.utils.install import install_hint

from .ray_cluster import LOCAL, joined_cluster

BATCH = 8  # images that a worker takes at a time
ATTEMPTS = 3  # of an image that kills its worker, and of a worker that dies while it loads the model


@contextmanager
def ray_workers(model: Mapping[str, Any], address: str = LOCAL) -> Iterator[Executor]:
    """Have images searched on a Ray cluster, for ``search_images(..., executor=)``.

    A cluster that this process has joined already is taken as it is. The nodes must be trusted, share the file system
    and the working folder, and have the same mmosis.

    Args:
        model: What :func:`~mmosis.search.make_inferencer` makes the model of, as :func:`describe_model` gives it.
        address: Of the cluster; 'local' starts one on this machine alone, and ends it.

    Yields:
        Callable: Searches images, see :func:`~mmosis.search.search_images`. It raises ChildProcessError if workers
        cannot load the model, or fail where one process would.

    Raises:
        ConnectionError: If there is no such cluster, or none starts here.
        ImportError: If Ray is not installed.
    """
    if find_spec('ray') is None:
        raise ImportError(f'a search on a cluster is run by Ray, which is not installed: {install_hint("ray")}')
    with joined_cluster(address):
        yield lambda *task: _search(model, *task)


def describe_model(inferencer: SearchBase, model: str, weights: str | None) -> dict[str, Any]:
    """Describe the model that this process has, for workers to load it, on the same runtime and type of device."""
    description = dict(model=model, runtime=inferencer.runtime)
    if inferencer.runtime == 'torch':
        device = inferencer.model.data_preprocessor.device.type
        description |= dict(weights=weights, device=device, precision=inferencer.precision)
    return description


class Worker:
    """Has the model, and searches the images of a batch.

    Args:
        model: As in :func:`ray_workers`.
        bank: The reference bank, as its file holds it.
        how: Folder to write and options, as :func:`search_file` takes them.
        working_folder: What paths are relative to.
        attempts: Actor of :class:`Attempts`.

    Raises:
        FileNotFoundError: If the working folder is not on this node.
        ValueError: If the model is another one here, or loading it has killed this worker before.
    """

    def __init__(
        self, model: dict, bank: bytes, how: tuple[Path, SearchOptions], working_folder: str, attempts: Any
    ) -> None:
        import ray

        self._attempts, self._how = attempts, how
        if not os.path.isdir(working_folder):
            raise FileNotFoundError(
                f'node {socket.gethostname()} has no folder {working_folder}; nodes must share the working folder'
            )
        os.chdir(working_folder)
        os.environ['OMP_NUM_THREADS'] = '1'  # a worker has one core
        cv2.setNumThreads(1)
        me = ray.get_runtime_context().get_actor_id()
        if self._is_hopeless(me):
            raise ValueError(f'a worker on node {socket.gethostname()} died {ATTEMPTS} times while it loaded the model')
        self._inferencer = make_inferencer(**model)
        with TemporaryDirectory() as folder:
            Path(folder, 'bank').write_bytes(bank)
            self._bank = ReferenceBank.load(Path(folder, 'bank'))
        self._inferencer.check_bank(self._bank)
        self._attempts.end.remote(me)

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, list[str]]:
        """Search images; texts are JSON, which any name of a file goes into."""
        return dict(record=[json.dumps(self._search(*json.loads(task))) for task in batch['task']])

    def _search(self, file: str, name: str) -> dict:
        if self._is_hopeless(name):
            return dict(file_name=name, error=f'its search killed the worker {ATTEMPTS} times; is the memory enough?')
        record = search_file(self._inferencer, file, name, self._bank, *self._how)
        self._attempts.end.remote(name)
        return record

    def _is_hopeless(self, what: str) -> bool:
        import ray

        return ray.get(self._attempts.begin.remote(what)) > ATTEMPTS


class Attempts:
    """Counter of the attempts at what has not ended; Ray itself would try for ever."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def begin(self, what: str) -> int:
        """Count, and return the number."""
        self._counts[what] += 1
        return self._counts[what]

    def end(self, what: str) -> None:
        """Forget it."""
        self._counts.pop(what, None)


def _search(
    model: Mapping[str, Any],
    todo: Sequence[tuple[str, str]],
    bank: ReferenceBank,
    folder: Path,
    options: SearchOptions,
) -> Iterator[dict]:
    """Search images on the cluster that is joined; records come as they are ready."""
    if not todo:
        return
    import ray

    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger('ray.data').setLevel(logging.CRITICAL)  # what goes wrong is raised too
    needs = dict(num_cpus=1, num_gpus=1) if model.get('device') == 'cuda' else dict(num_cpus=1)
    resources = ray.cluster_resources()
    workers = max(1, int(resources.get('GPU' if 'num_gpus' in needs else 'CPU', 0)))
    blocks = min(len(todo), max(workers, ceil(len(todo) / BATCH)))
    # Ray would keep a line of each of its calls, which are as many as images.
    lasting = dict(num_cpus=0, max_restarts=-1, max_task_retries=-1, enable_task_events=False)
    attempts = ray.remote(**lasting)(Attempts).remote()
    given = dict(
        model=dict(model),
        bank=bank.to_bytes(),
        how=(folder, options),
        working_folder=os.getcwd(),
        attempts=attempts,
    )
    try:
        tasks = ray.data.from_items([dict(task=json.dumps(task)) for task in todo], override_num_blocks=blocks)
        pool = ray.data.ActorPoolStrategy(size=min(workers, blocks))
        rows = tasks.map_batches(Worker, compute=pool, fn_constructor_kwargs=given, **needs).iter_rows()
        with closing(iter(rows)) as found:  # while there is a cluster
            for row in found:
                yield json.loads(row['record'])
    except (ray.exceptions.RayError, ray.data.exceptions.ExecutionTimeoutError) as error:
        lines = str(error).strip().splitlines()
        raise ChildProcessError(f'the workers cannot go on: {lines[-1]}') from error
