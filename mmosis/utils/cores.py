"""How many processor cores are ours: those that the process may run on, within what its container may use."""

import math
import os
from pathlib import Path

CGROUP = Path('/sys/fs/cgroup')


def available_cores() -> int:
    """Count the cores that this process can keep busy, at least 1: its CPU affinity, or a container's lower quota."""
    # macOS and Windows know no affinity.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1
    return max(1, math.ceil(min(cores, _quota())))


def default_threads() -> int:
    """Count the threads of a network without torch: one a core, or as many as OMP_NUM_THREADS says, as in torch."""
    threads = os.environ.get('OMP_NUM_THREADS', '')
    return int(threads) if threads.isdecimal() and int(threads) else available_cores()


def limit_threads() -> None:
    """Let torch start no more threads than there are cores: it knows of the affinity, and of no quota.

    OMP_NUM_THREADS, where it is set, is obeyed.
    """
    import torch  # a search without it counts cores too

    if 'OMP_NUM_THREADS' not in os.environ:
        torch.set_num_threads(min(torch.get_num_threads(), available_cores()))


def _quota() -> float:
    """Read the processor time that a container may use, in cores; infinite where there is no limit."""
    for files in (['cpu.max'], ['cpu/cpu.cfs_quota_us', 'cpu/cpu.cfs_period_us']):  # version 2 of cgroup, and 1
        if all((CGROUP / file).is_file() for file in files):
            quota, period = ' '.join((CGROUP / file).read_text() for file in files).split()
            return math.inf if quota in ('max', '-1') else int(quota) / int(period)
    return math.inf
