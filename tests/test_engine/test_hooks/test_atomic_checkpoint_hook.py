"""AtomicCheckpointHook: at any moment as many complete checkpoints as were asked for."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from one_weight import train_one_weight

from mmosis.engine import find_damage


def checkpoints(work_dir: Path) -> list[str]:
    return sorted(name for name in os.listdir(work_dir) if name.endswith(('.pth', '.part')))


@pytest.fixture
def break_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], None]:
    """Let the disk fail when a file of this name is about to be written complete."""
    replace = os.replace

    def break_disk(name: str, code: int) -> None:
        def fail(source: Path, target: Path) -> None:
            if Path(target).name == name:
                raise OSError(code, os.strerror(code))
            replace(source, target)

        monkeypatch.setattr('os.replace', fail)

    return break_disk


def test_an_old_one_goes_when_the_new_one_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = []
    replace = os.replace

    def note(source: Path, target: Path) -> None:
        before.append([name for name in checkpoints(tmp_path) if name.endswith('.pth')])
        replace(source, target)

    monkeypatch.setattr('os.replace', note)
    train_one_weight(tmp_path, max_iters=8, checkpoint=dict(max_keep_ckpts=1))
    assert before == [[], ['iter_2.pth'], ['iter_4.pth'], ['iter_6.pth']]
    assert checkpoints(tmp_path) == ['iter_8.pth']
    assert (tmp_path / 'last_checkpoint').read_text() == str(tmp_path / 'iter_8.pth')


def test_a_resume_keeps_as_many(tmp_path: Path) -> None:
    train_one_weight(tmp_path, max_iters=6)
    assert checkpoints(tmp_path) == ['iter_4.pth', 'iter_6.pth']
    (tmp_path / f'.{"0" * 32}.part').touch()
    train_one_weight(tmp_path, max_iters=10, resume=True)
    assert checkpoints(tmp_path) == ['iter_10.pth', 'iter_8.pth']


def test_all_are_kept_by_default(tmp_path: Path) -> None:
    train_one_weight(tmp_path, max_iters=8, checkpoint=dict(max_keep_ckpts=-1))
    assert len(checkpoints(tmp_path)) == 4


@pytest.mark.parametrize('code', [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize('keep', [1, 2])
def test_a_full_disk_leaves_the_last_valid_one(tmp_path: Path, break_disk: Callable, code: int, keep: int) -> None:
    break_disk('iter_6.pth', code)
    with pytest.raises(OSError, match='the disk is full: ') as caught:
        train_one_weight(tmp_path, max_iters=8, checkpoint=dict(max_keep_ckpts=keep))
    assert caught.value.errno == code
    assert caught.value.strerror == (
        f'the disk is full: cannot write {tmp_path}/iter_6.pth: {os.strerror(code)}; nothing of it was kept. '
        f'{tmp_path}/iter_4.pth is the last valid checkpoint: make room, then train on with --resume'
    )
    assert checkpoints(tmp_path) == ['iter_2.pth', 'iter_4.pth'][-keep:]
    assert find_damage(tmp_path / 'iter_4.pth') is None


def test_a_full_disk_at_the_first(tmp_path: Path, break_disk: Callable) -> None:
    break_disk('iter_2.pth', errno.ENOSPC)
    with pytest.raises(OSError, match='there is no checkpoint yet: make room, then train on with --resume'):
        train_one_weight(tmp_path)


def test_another_error_of_the_disk_is_raised_as_it_is(tmp_path: Path, break_disk: Callable) -> None:
    break_disk('iter_2.pth', errno.EIO)
    with pytest.raises(OSError, match='cannot write') as caught:
        train_one_weight(tmp_path)
    assert caught.value.errno == errno.EIO
    assert 'full' not in str(caught.value)


def test_no_checkpoints_between_two_steps_of_the_optimizer(tmp_path: Path) -> None:
    optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.01), accumulative_counts=4)
    with pytest.raises(ValueError, match=r'checkpoint.interval must be a multiple of .* got 6, set 8'):
        train_one_weight(tmp_path, max_iters=9, optim_wrapper=optim_wrapper, checkpoint=dict(interval=6))
    train_one_weight(tmp_path, max_iters=9, optim_wrapper=optim_wrapper, checkpoint=dict(interval=4))
    assert checkpoints(tmp_path) == ['iter_8.pth', 'iter_9.pth']


def test_nor_by_a_better_validation(tmp_path: Path) -> None:
    optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.01), accumulative_counts=2)
    train_cfg = dict(type='IterBasedTrainLoop', max_iters=6, val_interval=3)
    with pytest.raises(ValueError, match=r'train_cfg.val_interval must be a multiple of .* got 3, set 4'):
        train_one_weight(
            tmp_path, optim_wrapper=optim_wrapper, train_cfg=train_cfg, checkpoint=dict(save_best='mAP', rule='greater')
        )
