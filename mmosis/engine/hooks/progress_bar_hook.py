"""ProgressBarHook: one line that moves, for runs that a person watches."""

from mmdet.registry import HOOKS
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


@HOOKS.register_module()
class ProgressBarHook(Hook):
    """Show a progress bar for training and testing, with the loss; MMEngine's own log lines go on beside it."""

    def __init__(self) -> None:
        self._progress: Progress | None = None

    def before_train(self, runner: Runner) -> None:
        """Start the bar of training."""
        self._start('train', runner.max_iters, runner.iter)

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None
    ) -> None:
        """Move on by a step."""
        self._advance(f'train, loss {outputs["loss"].item():.2f}')

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
        self._advance('test')

    def after_test(self, runner: Runner) -> None:
        """End the bar."""
        self._stop()

    def _start(self, description: str, total: int, completed: int) -> None:
        if not is_main_process():
            return
        columns = (TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, TimeRemainingColumn())
        self._progress.add_task(description, total=total, completed=completed)
        self._progress.start()

    def _advance(self, description: str) -> None:
        if self._progress is not None:
            task = self._progress.tasks[0]
            self._progress.update(task.id, advance=1, description=description)

    def _stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
