"""ExactResumeHook: what a step draws is the step's own, and a resume that cannot be exact is refused."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from one_weight import train_one_weight
from two_ranks import run_two_ranks

from mmosis.engine import ExactResumeHook

MODULE = 'mmosis.engine.hooks.exact_resume_hook'


def draws(rank: int, world_size: int, iteration: int, monkeypatch: pytest.MonkeyPatch) -> float:
    """What a model draws in an iteration of a rank."""
    monkeypatch.setattr(f'{MODULE}.get_dist_info', lambda: (rank, world_size))
    ExactResumeHook().before_train_iter(SimpleNamespace(iter=iteration, seed=3), iteration)
    return torch.rand(()).item()


def test_draws_run_through_the_batches_of_all_ranks(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = [draws(0, 1, iteration, monkeypatch) for iteration in range(4)]
    assert len(set(alone)) == 4
    assert [draws(rank, 2, iteration, monkeypatch) for iteration in (0, 1) for rank in (0, 1)] == alone


@pytest.mark.parametrize('num_workers', [0, 1])
def test_a_resume_draws_the_same(tmp_path: Path, num_workers: int) -> None:
    complete = train_one_weight(tmp_path / 'complete', num_workers=num_workers)
    train_one_weight(tmp_path / 'parts', num_workers=num_workers, max_iters=4)
    assert train_one_weight(tmp_path / 'parts', num_workers=num_workers, resume=True) == complete
    assert train_one_weight(tmp_path / 'other', randomness=dict(seed=1)) != complete


def test_another_seed_is_refused(tmp_path: Path) -> None:
    train_one_weight(tmp_path, max_iters=4)
    with pytest.raises(ValueError, match=r'trained with seed 0, and the data have seed 1: .* set randomness.seed=0'):
        train_one_weight(tmp_path, resume=True, randomness=dict(seed=1))


def test_a_start_between_two_steps_of_the_optimizer_is_refused(tmp_path: Path) -> None:
    optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.01), accumulative_counts=2)
    train_one_weight(tmp_path, max_iters=3, optim_wrapper=optim_wrapper)
    with pytest.raises(ValueError, match='iteration 3 lies between two steps of the optimizer, which come every 2 it'):
        train_one_weight(tmp_path, max_iters=6, optim_wrapper=optim_wrapper, resume=True)
    # There is nothing left to do: no harm.
    train_one_weight(tmp_path, max_iters=3, optim_wrapper=optim_wrapper, resume=True)


def start_apart(work_dir: Path) -> str:
    """Start at an iteration of the rank's own, as if each machine had a disk of its own."""
    rank = torch.distributed.get_rank()
    hook = ExactResumeHook()
    with pytest.raises(ValueError, match='work_dir must be on a disk that all machines can read') as caught:
        hook.before_train(SimpleNamespace(iter=5 * rank, seed=None))
    return str(caught.value)


def test_ranks_that_start_apart_are_refused(tmp_path: Path) -> None:
    first, second = run_two_ranks(start_apart, tmp_path)
    assert first == second
    assert 'would start at iterations [0, 5]' in first
