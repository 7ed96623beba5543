"""Run a function in two processes that talk by gloo, for tests of distributed code on a CPU."""

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch.distributed as dist

WORLD_SIZE = 2
TIMEOUT = 120  # seconds

# Imported once, in a process that both ranks, and those of later tests, are forked from.
PRELOAD = ['mmosis.datasets', 'mmosis.engine', 'mmosis.evaluation', 'mmosis.models', 'mmosis.visualization']


def run_two_ranks(function: Callable[..., Any], work_dir: Path, *args: Any) -> list[Any]:
    """Call ``function(work_dir, *args)`` in both ranks of a gloo group.

    Args:
        function: A function of a module's top level; its arguments and its result must be picklable.
        work_dir: An empty folder; both ranks work in it.
        *args: Its further arguments.

    Returns:
        list: The results of rank 0 and rank 1.
    """
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload(PRELOAD)
    with ProcessPoolExecutor(WORLD_SIZE, context) as pool:
        futures = [pool.submit(_run_rank, rank, function, work_dir, *args) for rank in range(WORLD_SIZE)]
        return [future.result() for future in futures]


def _run_rank(rank: int, function: Callable[..., Any], work_dir: Path, *args: Any) -> Any:
    os.chdir(work_dir)  # MMEngine collects results in a folder of the working directory.
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(WORLD_SIZE))
    dist.init_process_group(
        'gloo',
        init_method=f'file://{work_dir}/rendezvous',
        rank=rank,
        world_size=WORLD_SIZE,
        timeout=timedelta(seconds=TIMEOUT),
    )
    try:
        return function(work_dir, *args)
    finally:
        dist.destroy_process_group()
