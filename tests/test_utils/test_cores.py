"""Cores are counted as they are given to the process."""

import os
from pathlib import Path

import pytest
import torch

from mmosis.utils.cores import available_cores, default_threads, limit_threads


@pytest.fixture(autouse=True)
def cgroup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Eight cores, and a folder for the limits of a container, without any yet."""
    monkeypatch.setattr('mmosis.utils.cores.CGROUP', tmp_path)
    monkeypatch.setattr(os, 'sched_getaffinity', lambda _: set(range(8)), raising=False)
    return tmp_path


def test_the_affinity_counts() -> None:
    assert available_cores() == 8


def test_without_an_affinity_all_cores_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, 'sched_getaffinity')
    monkeypatch.setattr(os, 'cpu_count', lambda: 6)
    assert available_cores() == 6


@pytest.mark.parametrize(
    ('quota', 'cores'),
    [('max', 8), ('300000', 3), ('150000', 2), ('10000', 1), ('1600000', 8)],
)
def test_a_quota_counts_where_it_is_lower(cgroup: Path, quota: str, cores: int) -> None:
    (cgroup / 'cpu.max').write_text(f'{quota} 100000\n')
    assert available_cores() == cores


@pytest.mark.parametrize(('quota', 'cores'), [('-1', 8), ('250000', 3)])
def test_the_first_version_of_cgroup(cgroup: Path, quota: str, cores: int) -> None:
    (cgroup / 'cpu').mkdir()
    (cgroup / 'cpu/cpu.cfs_quota_us').write_text(f'{quota}\n')
    (cgroup / 'cpu/cpu.cfs_period_us').write_text('100000\n')
    assert available_cores() == cores


@pytest.mark.parametrize(('setting', 'threads'), [('5', 5), ('', 2), ('0', 2), ('4,2', 2)])
def test_threads_without_torch(cgroup: Path, monkeypatch: pytest.MonkeyPatch, setting: str, threads: int) -> None:
    (cgroup / 'cpu.max').write_text('200000 100000\n')
    monkeypatch.setenv('OMP_NUM_THREADS', setting)
    assert default_threads() == threads


class TestThreads:
    @pytest.fixture(autouse=True)
    def threads(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        """What torch's number of threads is set to; eight at first."""
        threads = [8]
        monkeypatch.setattr(torch, 'get_num_threads', lambda: threads[-1])
        monkeypatch.setattr(torch, 'set_num_threads', threads.append)
        monkeypatch.setenv('OMP_NUM_THREADS', '5')
        return threads

    def test_a_quota_limits_them(self, threads: list[int], cgroup: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv('OMP_NUM_THREADS')
        (cgroup / 'cpu.max').write_text('200000 100000\n')
        limit_threads()
        assert threads == [8, 2]

    def test_what_the_user_has_set_stays(self, threads: list[int], cgroup: Path) -> None:
        (cgroup / 'cpu.max').write_text('200000 100000\n')
        limit_threads()
        assert threads == [8]
