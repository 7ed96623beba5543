"""ProgressBarHook: a progress bar of training and testing."""

from mmdet.registry import HOOKS
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmosis.utils.progress import Progress


@HOOKS.register_module()
class ProgressBarHook(Hook):
    """Show the progress of training and testing, with the loss; MMEngine's own log lines go on beside it.

    It is a bar in a terminal and a line now and then elsewhere, see :class:`~mmosis.utils.progress.Progress`.
    """

    def __init__(self) -> None:
        self._progress: Progress | None = None

    def before_train(self, runner: Runner) -> None:
        """Start the bar of training."""
        self._start('train', runner.max_iters, runner.iter)

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None
    ) -> None:
        """Move on by a step."""
        if self._progress is not None:
            self._progress.advance(f'train, loss {outputs["loss"].item():.2f}')

    def after_train(self, runner: Runner) -> None:
        """End the bar."""
        self._stop()

    def before_test(self, runner: Runner) -> None:
        """Start the bar of a test."""
        self._start('test', len(runner.test_dataloader), 0)

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None, outputs: list | None = None
    ) -> None:
        """Move on by a batch."""
        if self._progress is not None:
            self._progress.advance()

    def after_test(self, runner: Runner) -> None:
        """End the bar."""
        self._stop()

    def _start(self, description: str, total: int, completed: int) -> None:
        if is_main_process():
            self._progress = Progress(description, total, completed)

    def _stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
