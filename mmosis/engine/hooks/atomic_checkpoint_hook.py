"""AtomicCheckpointHook: there is a whole checkpoint at any moment."""

import errno
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from mmosis.engine.whole_checkpoints import newest_whole_checkpoint
from mmosis.utils.atomic import remove_leftovers

FULL = (errno.ENOSPC, errno.EDQUOT)


@HOOKS.register_module()
class AtomicCheckpointHook(CheckpointHook):
    """MMEngine's ``CheckpointHook``, which removes an old checkpoint only when the new one is written.

    Args:
        max_keep_ckpts: As in ``CheckpointHook``; while it writes there is one more.
        backend_args: As in ``CheckpointHook``; by default files are written whole or not at all.
        **kwargs: Further arguments of ``CheckpointHook``.
    """

    def __init__(self, max_keep_ckpts: int = -1, backend_args: dict | None = None, **kwargs: Any) -> None:
        # The host removes down to its number before it writes; so it is given one more, and the rest is done here.
        super().__init__(
            max_keep_ckpts=max_keep_ckpts + 1 if max_keep_ckpts > 0 else -1,
            backend_args=backend_args or dict(backend='atomic'),
            **kwargs,
        )

    def before_train(self, runner: Runner) -> None:
        """Tidy up after a killed training.

        Raises:
            ValueError: If checkpoints would lie between two steps of the optimizer, where gradients are under way.
        """
        super().before_train(runner)
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
        if is_main_process():
            remove_leftovers(self.out_dir)

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict) -> None:
        try:
            super()._save_checkpoint_with_step(runner, step, meta)
        except OSError as error:
            if error.errno not in FULL:
                raise
            kept = newest_whole_checkpoint(self.out_dir)
            advice = f'{kept} is the last whole checkpoint' if kept else 'there is no checkpoint yet'
            text = f'the disk is full: {error.strerror}. {advice}: make room, then train on with --resume'
            raise OSError(error.errno, text) from error
        if self.max_keep_ckpts > 0 and len(self.keep_ckpt_ids) == self.max_keep_ckpts:
            oldest = self.file_backend.join_path(self.out_dir, self.filename_tmpl.format(self.keep_ckpt_ids.popleft()))
            if is_main_process() and self.file_backend.isfile(oldest):
                self.file_backend.remove(oldest)
