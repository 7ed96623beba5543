"""AtomicCheckpointHook: keeps a complete checkpoint at any moment, with the state of its validation."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.logging import MessageHub
from mmengine.registry import HOOKS
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop, Runner

from mmosis.engine.checkpoint_files import newest_valid_checkpoint
from mmosis.utils.atomic import remove_leftovers, write_atomic

FULL = (errno.ENOSPC, errno.EDQUOT)
# In the message hub, and so in the checkpoints: MMEngine's paths of the best ones, and the step of the last validation.
BEST = 'best_ckpt'
VALIDATED = 'validated_step'


@HOOKS.register_module()
class AtomicCheckpointHook(CheckpointHook):
    """MMEngine's ``CheckpointHook``, which removes an old checkpoint only when the new one is written.

    A step's checkpoint is written before its validation, and again after it with what the validation has brought. So a
    resume knows the best score so far, and whether the validation was interrupted; then it is done first.

    Args:
        max_keep_ckpts: As in ``CheckpointHook``; while it writes there is one more.
        backend_args: As in ``CheckpointHook``; by default files are written atomically.
        **kwargs: Further arguments of ``CheckpointHook``.
    """

    def __init__(self, max_keep_ckpts: int = -1, backend_args: dict | None = None, **kwargs: Any) -> None:
        # MMEngine removes down to its number before it writes; so it is given one more, and the rest is done here.
        super().__init__(
            max_keep_ckpts=max_keep_ckpts + 1 if max_keep_ckpts > 0 else -1,
            backend_args=backend_args or dict(backend='atomic'),
            **kwargs,
        )

    def before_train(self, runner: Runner) -> None:
        """Clean up after a killed training, and do the validation that was interrupted.

        Raises:
            ValueError: As :meth:`check_intervals`.
        """
        super().before_train(runner)
        self.check_intervals(runner)
        if is_main_process():
            remove_leftovers(self.out_dir)
        self._adopt_copies(runner.message_hub, runner.work_dir)
        if _lacks_validation(runner):
            runner.logger.info('The checkpoint was written before its validation, which is done now.')
            runner.val_loop.run()

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Save the best checkpoint, remove the one that was the best, and save the step's own again."""
        hub = runner.message_hub
        hub.update_info(VALIDATED, _step(runner))
        before, last = _best_paths(hub), hub.get_info('last_ckpt')
        # MMEngine would remove the old best one first, and save the step's own in between: so both are hidden from it.
        self.best_ckpt_path, self.best_ckpt_path_dict, self.last_ckpt = None, dict.fromkeys(self.save_best or ()), None
        with self._explained_full_disk():
            super().after_val_epoch(runner, metrics)
        best = self._name_best(hub)
        self.last_ckpt = last
        for path in {*before.values()} - {*best.values()}:
            self._remove(path)
        step = runner.epoch if self.by_epoch else runner.iter
        if last and (best != before or Path(last).name == self.filename_tmpl.format(step)):
            self._save_checkpoint_with_step(runner, step, dict(epoch=runner.epoch, iter=runner.iter))

    def check_intervals(self, runner: Runner) -> None:
        """Check that every checkpoint comes with a step of the optimizer.

        Raises:
            ValueError: If checkpoints would lie between two steps of the optimizer, where gradients are under way.
        """
        counts = getattr(runner.optim_wrapper, '_accumulative_counts', 1)
        intervals = {'default_hooks.checkpoint.interval': self.interval}
        if self.save_best:  # a better validation writes the checkpoint again
            intervals['train_cfg.val_interval'] = runner.train_loop.val_interval
        for name, interval in intervals.items():
            if not self.by_epoch and interval % counts and 0 < interval < runner.max_iters:
                raise ValueError(
                    f'{name} must be a multiple of optim_wrapper.accumulative_counts={counts}, since gradients under '
                    f'way are not saved; got {interval}, set {interval + counts - interval % counts}'
                )

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict) -> None:
        with self._explained_full_disk():
            super()._save_checkpoint_with_step(runner, step, meta)
        if self.max_keep_ckpts > 0 and len(self.keep_ckpt_ids) == self.max_keep_ckpts:
            self._remove(Path(self.out_dir, self.filename_tmpl.format(self.keep_ckpt_ids.popleft())))

    @contextmanager
    def _explained_full_disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno not in FULL:
                raise
            kept = newest_valid_checkpoint(self.out_dir)
            advice = f'{kept} is the last valid checkpoint' if kept else 'there is no checkpoint yet'
            text = f'the disk is full: {error.strerror}. {advice}: make room, then train on with --resume'
            raise OSError(error.errno, text) from error

    def _adopt_copies(self, hub: MessageHub, work_dir: str) -> None:
        """In a copied work dir, use its own files: checkpoint and ``last_checkpoint`` name the original's."""
        for key, path in {**_best_paths(hub), 'last_ckpt': hub.get_info('last_ckpt')}.items():
            copy = self.file_backend.join_path(self.out_dir, Path(path).name) if path else None
            if copy and self.file_backend.isfile(copy):
                hub.update_info(key, copy)
                if key == 'last_ckpt' and is_main_process():
                    write_atomic(Path(work_dir, 'last_checkpoint'), copy)
        self._name_best(hub)

    def _name_best(self, hub: MessageHub) -> dict[str, str]:
        """Set MMEngine's best checkpoints to those that the message hub names; return them."""
        best = _best_paths(hub)
        self.best_ckpt_path = best.get(BEST)
        keys = {key: f'{BEST}_{key}' for key in self.save_best or ()}
        self.best_ckpt_path_dict = {key: best[name] for key, name in keys.items() if name in best}
        return best

    def _remove(self, path: str | Path) -> None:
        """Remove a checkpoint of this work dir; others are not touched."""
        if is_main_process() and Path(path).parent == Path(self.out_dir) and self.file_backend.isfile(path):
            self.file_backend.remove(path)


def _best_paths(hub: MessageHub) -> dict[str, str]:
    """The best checkpoints, by their names in the message hub: one, or one for each metric."""
    return {key: path for key, path in hub.runtime_info.items() if key == BEST or key.startswith(f'{BEST}_')}


def _step(runner: Runner) -> int:
    """The step that validations are counted in: an epoch or an iteration."""
    return runner.epoch if isinstance(runner._train_loop, EpochBasedTrainLoop) else runner.iter


def _lacks_validation(runner: Runner) -> bool:
    """Whether training starts from a checkpoint whose validation was due and is not done."""
    loop, step = runner.train_loop, _step(runner)
    if runner.val_loop is None or not isinstance(loop, (IterBasedTrainLoop, EpochBasedTrainLoop)):
        return False
    loop._decide_current_val_interval()
    last = loop.max_iters if isinstance(loop, IterBasedTrainLoop) else loop.max_epochs
    due = step >= max(1, loop.val_begin) and (step % loop.val_interval == 0 or step == last)
    return due and runner.message_hub.get_info(VALIDATED) != step
