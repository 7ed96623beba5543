"""Training of a config, and how to resume it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from mmengine.config import Config

from mmosis.engine import StrictRunner, newest_valid_checkpoint

SIGNAL_WAIT = 5  # seconds at most between the end of a worker's pipe and the signal of its end, on a busy machine


def train(cfg: Config) -> str | None:
    """Train a config with MMEngine's Runner, strict about the weights that it starts from.

    Args:
        cfg: The config, with ``work_dir``. With ``resume`` and without ``load_from`` it goes on as by
            :func:`resume_newest`, not from the file that ``last_checkpoint`` names.

    Returns:
        str: The last checkpoint; None if none was saved.

    Raises:
        ValueError: If ``load_from`` is a checkpoint of another model.
        RuntimeError: If a worker of a data loader was killed; the message says which and what to do.
    """
    if cfg.get('resume') and cfg.get('load_from') is None:
        resume_newest(cfg)
    with _explained_loss_of_workers(cfg.work_dir):
        runner = StrictRunner.from_cfg(cfg)
        runner.train()
    return runner.message_hub.get_info('last_ckpt')


def resume_newest(cfg: Config) -> None:
    """Set a config to resume from the newest valid checkpoint in its work dir, if there is one.

    Args:
        cfg: The config, with ``work_dir``; it is changed.
    """
    checkpoint = newest_valid_checkpoint(cfg.work_dir)
    if checkpoint is not None:
        cfg.load_from, cfg.resume = checkpoint, True
    elif cfg.get('load_from') is None:
        cfg.resume = False


@contextmanager
def _explained_loss_of_workers(work_dir: str) -> Iterator[None]:
    """Raise torch's error of a lost worker with what to do about it."""
    try:
        try:
            yield
        except (ConnectionError, EOFError):
            # Where a sample was being made, the loss shows in the pipe first. Torch's error, which says more, is raised
            # by its handler of SIGCHLD, wherever the process is by then: let it come here.
            time.sleep(SIGNAL_WAIT)
            raise
    except (RuntimeError, ConnectionError, EOFError) as error:
        if isinstance(error, RuntimeError) and not str(error).startswith('DataLoader worker'):
            raise
        lost = str(error).rstrip(' .') if isinstance(error, RuntimeError) else f'DataLoader worker is lost ({error!r})'
        raise RuntimeError(
            f'{lost}. Most often the machine has too little memory for so many workers: set fewer '
            '(train_dataloader.num_workers) or a smaller batch (train_dataloader.batch_size). No checkpoint is lost: '
            f'train on from the last one in {work_dir} with --resume'
        ) from error
