"""AtomicCheckpointHook: a training killed around a validation and resumed leaves what one without the kill leaves."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config
from mmengine.dist import barrier
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.registry import HOOKS, METRICS
from mmengine.runner import Runner
from one_weight import settings, train_one_weight
from two_ranks import run_two_ranks

from mmosis.apis import resume_newest
from mmosis.compat.checkpoint import load_from_local
from mmosis.engine import StrictRunner

STEPS: list[int] = []


@HOOKS.register_module()
class NoteStep(Hook):
    """Notes the step of each validation that is begun."""

    def before_val(self, runner: Runner) -> None:
        STEPS.append(runner.iter)


@METRICS.register_module()
class ScoreOfStep(BaseMetric):
    """Gives each step's score as it is set, its opposite, and a number by chance."""

    def __init__(self, scores: dict[str, float]) -> None:
        super().__init__()
        self.scores = scores

    def process(self, data_batch: Any, data_samples: Any) -> None:
        self.results.append(None)

    def compute_metrics(self, results: list) -> dict[str, float]:
        score = self.scores[str(STEPS[-1])]
        return dict(mAP=score, loss=-score, chance=torch.rand(()).item())


class Killed(BaseException):
    """Stands for the end of the process."""


def train(
    work_dir: Path,
    scores: dict[int, float],
    save_best: str | list | None = 'mAP',
    interval: int = 2,
    load_from: str | None = None,
    by_epoch: bool = False,
    **changes: Any,
) -> list[int]:
    """Train, by default for 6 steps with a validation after every second one; return the steps of the validations."""
    cfg = Config(
        settings(
            work_dir,
            val_cfg=dict(type='ValLoop'),
            val_dataloader=dict(
                batch_size=1,
                num_workers=0,
                sampler=dict(type='DefaultSampler', shuffle=False),
                dataset=dict(type='Draws'),
            ),
            val_evaluator=dict(type='ScoreOfStep', scores={str(step): score for step, score in scores.items()}),
            custom_hooks=[dict(type='NoteStep')],
            **{'train_cfg': dict(type='IterBasedTrainLoop', max_iters=6, val_interval=2), **changes},
        )
    )
    cfg.default_hooks.checkpoint.update(save_best=save_best, interval=interval, by_epoch=by_epoch)
    resume_newest(cfg)
    if load_from is not None:
        cfg.load_from, cfg.resume = load_from, True
    STEPS.clear()
    StrictRunner.from_cfg(cfg).train()
    return STEPS.copy()


@contextmanager
def killed_at(moment: int) -> Iterator[list[str]]:
    """Kill at the n-th file that is written or removed or validation that is done, before it (even) or after (odd)."""
    seen: list[str] = []

    def watch(patch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
        action = getattr(owner, name)

        def act(*args: Any, **kwargs: Any) -> Any:
            seen.append(name)
            if moment == 2 * len(seen) - 2:
                raise Killed
            result = action(*args, **kwargs)
            if moment == 2 * len(seen) - 1:
                raise Killed
            return result

        patch.setattr(owner, name, act)

    with pytest.MonkeyPatch.context() as patch:
        watch(patch, os, 'replace')
        watch(patch, os, 'remove')
        watch(patch, ScoreOfStep, 'compute_metrics')
        yield seen


@contextmanager
def killed_in_validation(step: int) -> Iterator[None]:
    """Kill at the end of the validation of a step."""
    done = ScoreOfStep.compute_metrics

    def die(metric: ScoreOfStep, results: list) -> dict:
        if STEPS[-1] == step:
            raise Killed
        return done(metric, results)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ScoreOfStep, 'compute_metrics', die)
        yield


def outcome(work_dir: Path) -> dict[str, Any]:
    """What a training has left: its checkpoints, and the state of the last one."""
    last = load_from_local(work_dir / 'iter_6.pth')
    hub = last['message_hub']
    return dict(
        files=sorted(path.name for path in work_dir.glob('*.pth')),
        weight=last['state_dict']['weight'].item(),
        info={key: value for key, value in hub['runtime_info'].items() if key.startswith(('best', 'valid', 'keep'))},
        scores=hub['log_scalars']['val/mAP'].data[0].tolist(),
        chances=hub['log_scalars']['val/chance'].data[0].tolist(),
    )


RISES_AND_FALLS = {2: 0.3, 4: 0.9, 6: 0.5}


@pytest.mark.no_cover  # the tests below cover what it runs
@pytest.mark.parametrize(
    ('scores', 'best', 'interval'),
    [
        (RISES_AND_FALLS, 4, 2),
        (RISES_AND_FALLS, 4, 4),  # the first validation is before the first checkpoint
        ({2: 0.9, 4: 0.3, 6: 0.5}, 2, 3),  # a step has a checkpoint or a validation
        ({2: 0.1, 4: 0.2, 6: 0.3}, 6, 2),
    ],
)
def test_killed_at_any_moment(tmp_path: Path, scores: dict[int, float], best: int, interval: int) -> None:
    work_dir = tmp_path / 'work'  # of all trainings: its name is in the checkpoints
    with killed_at(-1) as moments:
        train(work_dir, scores, interval=interval)
    complete = outcome(work_dir)
    assert [name for name in complete['files'] if 'best' in name] == [f'best_mAP_iter_{best}.pth']
    assert complete['info']['best_score'] == scores[best]
    assert complete['scores'] == [*scores.values()]
    for moment in range(2 * len(moments)):
        shutil.rmtree(work_dir)
        with killed_at(moment), pytest.raises(Killed):
            train(work_dir, scores, interval=interval)
        train(work_dir, scores, interval=interval)
        assert outcome(work_dir) == complete, moments[moment // 2]


def test_a_validation_is_not_done_again(tmp_path: Path) -> None:
    """Neither a middle one nor the last, better or not."""
    assert train(tmp_path, RISES_AND_FALLS) == [2, 4, 6]
    assert train(tmp_path, RISES_AND_FALLS) == []
    (tmp_path / 'iter_6.pth').unlink()
    assert train(tmp_path, RISES_AND_FALLS) == [6]


@pytest.mark.parametrize('step', [2, 6])
def test_one_that_was_cut_off_is_done_first(tmp_path: Path, step: int) -> None:
    with killed_in_validation(step), pytest.raises(Killed):
        train(tmp_path, RISES_AND_FALLS)
    assert (tmp_path / f'iter_{step}.pth').is_file()
    assert train(tmp_path, RISES_AND_FALLS) == [each for each in (2, 4, 6) if each >= step]
    assert outcome(tmp_path)['scores'] == [0.3, 0.9, 0.5]


def test_without_a_best_one_too(tmp_path: Path) -> None:
    train(tmp_path, RISES_AND_FALLS, save_best=None)
    assert train(tmp_path, RISES_AND_FALLS, save_best=None) == []
    assert outcome(tmp_path)['files'] == ['iter_4.pth', 'iter_6.pth']


def test_several_best_ones(tmp_path: Path) -> None:
    train(tmp_path, RISES_AND_FALLS, save_best=['mAP', 'loss'])
    assert outcome(tmp_path)['files'] == [
        'best_loss_iter_4.pth', 'best_mAP_iter_4.pth', 'iter_4.pth', 'iter_6.pth',
    ]  # fmt: skip


def test_the_best_one_goes_when_the_better_one_is_there(tmp_path: Path) -> None:
    there: list[set[str]] = []
    remove = os.remove

    def note(path: str) -> None:
        there.append({file.name for file in tmp_path.glob('best*')})
        remove(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, 'remove', note)
        train(tmp_path, RISES_AND_FALLS)
    assert {'best_mAP_iter_2.pth', 'best_mAP_iter_4.pth'} in there


def test_a_full_disk_leaves_the_best_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = os.replace

    def fail(source: Path, target: Path) -> None:
        if Path(target).name == 'best_mAP_iter_4.pth':
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace(source, target)

    monkeypatch.setattr(os, 'replace', fail)
    with pytest.raises(OSError, match=r'the disk is full: cannot write .*/best_mAP_iter_4\.pth') as caught:
        train(tmp_path, RISES_AND_FALLS)
    assert f'{tmp_path}/iter_4.pth is the last valid checkpoint' in str(caught.value)
    assert (tmp_path / 'best_mAP_iter_2.pth').is_file()
    monkeypatch.setattr(os, 'replace', replace)
    assert train(tmp_path, RISES_AND_FALLS) == [4, 6]
    assert outcome(tmp_path)['files'] == ['best_mAP_iter_4.pth', 'iter_4.pth', 'iter_6.pth']


@pytest.mark.parametrize('epoch', [2, 3])
def test_epochs_too(tmp_path: Path, epoch: int) -> None:
    """A training by epochs of two steps each, which was killed in the validation after one of them."""
    loops = dict(
        train_cfg=dict(type='EpochBasedTrainLoop', max_epochs=3, val_interval=2),
        train_dataloader=dict(
            batch_size=2, num_workers=0, sampler=dict(type='DefaultSampler'), dataset=dict(type='Draws')
        ),
    )
    with killed_in_validation(2 * epoch), pytest.raises(Killed):
        train(tmp_path, RISES_AND_FALLS, by_epoch=True, interval=1, **loops)
    again = dict(by_epoch=True, interval=1, **loops)
    assert train(tmp_path, RISES_AND_FALLS, **again) == [each for each in (4, 6) if each >= 2 * epoch]
    assert train(tmp_path, RISES_AND_FALLS, **again) == []
    assert (tmp_path / 'best_mAP_epoch_2.pth').is_file()


def test_two_processes_do_it_together(tmp_path: Path) -> None:
    assert run_two_ranks(_stop_and_go_on, tmp_path) == [[4, 6], [4, 6]]
    assert outcome(tmp_path)['scores'] == [0.9, 0.5]
    assert outcome(tmp_path)['files'] == ['best_mAP_iter_4.pth', 'iter_4.pth', 'iter_6.pth']


def _stop_and_go_on(work_dir: Path) -> list[int]:
    """Train for four steps without a validation, then to the end with one."""
    train_one_weight(work_dir, max_iters=4)
    barrier()  # the main process writes the checkpoint
    return train(work_dir, RISES_AND_FALLS)


def test_a_copy_leaves_the_original_as_it_is(tmp_path: Path) -> None:
    """Also the best checkpoint, of which the copy's checkpoints hold the path."""
    original, copy = tmp_path / 'original', tmp_path / 'copy'
    with killed_in_validation(4), pytest.raises(Killed):
        train(original, RISES_AND_FALLS)
    before = sorted(original.rglob('*.pth'))
    assert original / 'best_mAP_iter_2.pth' in before
    shutil.copytree(original, copy)
    assert train(copy, RISES_AND_FALLS) == [4, 6]
    assert sorted(original.rglob('*.pth')) == before
    assert outcome(copy)['files'] == ['best_mAP_iter_4.pth', 'iter_4.pth', 'iter_6.pth']
    assert outcome(copy)['info']['best_ckpt'] == str(copy / 'best_mAP_iter_4.pth')


def test_a_training_that_goes_on_elsewhere_leaves_the_first_one_as_it_is(tmp_path: Path) -> None:
    first, second = tmp_path / 'first', tmp_path / 'second'
    train(first, RISES_AND_FALLS)
    before = sorted(first.rglob('*.pth'))
    train(second, {2: 0.0, 4: 0.0, 6: 0.95}, load_from=str(first / 'iter_4.pth'))
    assert sorted(first.rglob('*.pth')) == before
    assert (second / 'best_mAP_iter_6.pth').is_file()
