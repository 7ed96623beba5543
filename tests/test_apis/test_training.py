"""train and resume_newest: what befalls a training costs no more than the steps since its last checkpoint."""

import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from fresh_process import run_fresh
from mmengine.config import Config
from one_weight import Draws, settings, train_one_weight

from mmosis.apis import resume_newest, train, training
from mmosis.compat.checkpoint import load_from_local

TESTS = Path(__file__).parents[1]
KILLED = """
import sys
sys.path.insert(0, sys.argv[2])
import mmosis.datasets, mmosis.engine
from mmengine.config import Config
from one_weight import settings
from mmosis.apis import train
cfg = Config(settings(sys.argv[1], num_workers=1))
cfg.train_dataloader.dataset.deadly = 8
train(cfg)
"""


def test_a_killed_worker_is_explained_and_nothing_is_lost(tmp_path: Path) -> None:
    # In a process of its own: torch raises its error from a signal handler, wherever the process then is, and again.
    printed = run_fresh(KILLED, tmp_path, tmp_path / 'killed', TESTS, status=1)
    message = re.search(
        r'^RuntimeError: (DataLoader worker (?:\(pid\(?s?\)? ?\d+\)|is lost) .+--resume)$', printed, re.MULTILINE
    )
    assert message, printed
    assert 'set fewer (train_dataloader.num_workers)' in message[1]
    assert message[1].endswith(f'train on from the last one in {tmp_path}/killed with --resume')
    cfg = Config(settings(tmp_path / 'killed'))
    resume_newest(cfg)
    # The worker is two batches ahead of the training, or less.
    assert cfg.load_from in {str(tmp_path / 'killed' / f'iter_{done}.pth') for done in (2, 4)}
    weight = train_one_weight(tmp_path / 'killed', load_from=cfg.load_from, resume=cfg.resume)
    assert weight == train_one_weight(tmp_path / 'complete')


@pytest.fixture
def late_signal() -> Iterator[None]:
    """An alarm raises what torch's handler of SIGCHLD would."""

    def tell(*_: object) -> None:
        raise RuntimeError('DataLoader worker (pid 7) is killed by signal: Killed. ')

    before = signal.signal(signal.SIGALRM, tell)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_a_loss_that_shows_in_the_pipe_first_is_explained_once(
    late_signal: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Torch's error follows, and would break into the explanation or into the end of the process."""

    def lose(*_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        raise ConnectionRefusedError(111, 'Connection refused')

    monkeypatch.setattr(Draws, '__getitem__', lose)
    with pytest.raises(RuntimeError, match=r'^DataLoader worker \(pid 7\) is killed by signal: Killed\. Most often'):
        train(Config(settings(tmp_path)))


def test_a_loss_that_only_the_pipe_shows_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(*_: object) -> None:
        raise ConnectionRefusedError(111, 'Connection refused')

    monkeypatch.setattr(training, 'SIGNAL_WAIT', 0)
    monkeypatch.setattr(Draws, '__getitem__', lose)
    lost = r'^DataLoader worker is lost \(ConnectionRefusedError\(111, .+\)\)\. Most often .+ with --resume$'
    with pytest.raises(RuntimeError, match=lost):
        train(Config(settings(tmp_path)))


def test_another_error_is_raised_as_it_is(tmp_path: Path) -> None:
    cfg = Config(settings(tmp_path))
    cfg.train_dataloader.dataset.unlike = 3
    with pytest.raises(RuntimeError, match='stack expects each tensor to be equal size') as caught:
        train(cfg)
    assert 'num_workers' not in str(caught.value)


def test_resume_in_a_copy_goes_on_from_its_own_checkpoint(tmp_path: Path) -> None:
    """With ``resume`` alone MMEngine would take what last_checkpoint names: the original's, which has gone on."""
    original, copy = tmp_path / 'original', tmp_path / 'copy'
    train(Config(settings(original, max_iters=4)))
    shutil.copytree(original, copy)
    train(Config(settings(original, max_iters=8, resume=True)))
    cfg = Config(settings(copy, max_iters=6, resume=True))
    assert train(cfg) == str(copy / 'iter_6.pth')
    assert cfg.load_from == str(copy / 'iter_4.pth')


def test_the_last_checkpoint_is_known_where_nothing_was_left_to_train(tmp_path: Path) -> None:
    """Whatever last_checkpoint names: a kill may have come before it was written, or it is a copy's."""
    train(Config(settings(tmp_path / 'original')))
    shutil.copytree(tmp_path / 'original', tmp_path / 'copy')
    (tmp_path / 'original/last_checkpoint').write_text(str(tmp_path / 'original/iter_4.pth'))
    for folder in (tmp_path / 'copy', tmp_path / 'original'):
        assert train(Config(settings(folder, resume=True))) == str(folder / 'iter_6.pth')
        assert (folder / 'last_checkpoint').read_text() == str(folder / 'iter_6.pth')


def test_resume_without_a_checkpoint_starts_from_the_beginning(tmp_path: Path) -> None:
    weight = train_one_weight(tmp_path / 'complete')
    path = train(Config(settings(tmp_path / 'resumed', resume=True)))
    assert load_from_local(path)['state_dict']['weight'].item() == weight


def test_without_a_checkpoint_a_config_starts_as_it_says(tmp_path: Path) -> None:
    cfg = Config(dict(work_dir=str(tmp_path), load_from='start.pth', resume=False))
    resume_newest(cfg)
    assert (cfg.load_from, cfg.resume) == ('start.pth', False)
