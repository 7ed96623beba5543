"""What the command line tools share: their arguments, and from them a config that is ready for the Runner."""

import argparse
import os
import sys

import torch
import torch.distributed
from mmengine.config import Config

from .config_file import SPLITS, add_cfg_options, read_config, run_name, set_split
from .cores import available_cores, limit_threads
from .parent import end_with_parent
from .tool import LAUNCHER_PID

LAUNCHERS = ('none', 'pytorch', 'slurm', 'mpi')
CPU_PROCESSES = 2


def add_config_arguments(parser: argparse.ArgumentParser, default_config: str | None = None) -> None:
    """Add mmdet's arguments that train and test have in common.

    Args:
        parser: The tool's parser.
        default_config: The config where none is given; without it, one must be given.
    """
    parser.add_argument(
        'config', nargs='?' if default_config else None, default=default_config, help='config file path'
    )
    parser.add_argument('--work-dir', help='the dir to save logs, models and metrics')
    parser.add_argument('--split', type=int, choices=SPLITS, help="split to hold out (default: the config's)")
    add_cfg_options(parser)
    parser.add_argument('--launcher', choices=LAUNCHERS, default='none', help='job launcher')
    # torch.distributed.launch passes it; torchrun sets the environment variable instead.
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)


def load_config(args: argparse.Namespace) -> Config:
    """Load a config and apply the arguments of :func:`add_config_arguments`.

    Work dir: the argument, else the config's, else ``work_dirs/<config name>``, as in mmdet; with ``--split`` the name
    ends in it (:func:`~mmosis.utils.config_file.run_name`).

    Raises:
        FileNotFoundError: If there is no such config.
        ValueError: If it is no config of a model, has no place for an option, or no split to choose.
    """
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    limit_threads()
    cfg = read_config(args.config, args.cfg_options, needs=['model'])
    if args.split is not None:
        set_split(cfg, args.split)
    cfg.launcher = args.launcher
    cfg.work_dir = args.work_dir or cfg.get('work_dir') or f'./work_dirs/{run_name(args.config, args.split)}'
    if args.launcher == 'pytorch':
        launcher = os.environ.get(LAUNCHER_PID)
        end_with_parent(int(launcher) if launcher else None)
        if not torch.cuda.is_available():
            _start_cpu_ranks(cfg)
    return cfg


def use_cpu_processes(args: argparse.Namespace) -> None:
    """Become torchrun with two processes of this tool where there is no GPU.

    A busy machine takes them better than threads.

    Args:
        args: Those of :func:`add_config_arguments`; nothing happens where they name a launcher.
    """
    if args.launcher != 'none' or torch.cuda.is_available():
        return
    threads = os.environ.setdefault('OMP_NUM_THREADS', str(max(1, available_cores() // CPU_PROCESSES)))
    os.environ.setdefault('MKL_NUM_THREADS', threads)  # MMEngine would set it to 1, and warn
    torchrun = [sys.executable, '-m', 'mmosis.utils.torchrun', '--standalone', f'--nproc_per_node={CPU_PROCESSES}']
    os.execv(sys.executable, [*torchrun, *sys.argv, '--launcher', 'pytorch'])


def _start_cpu_ranks(cfg: Config) -> None:
    """Join torchrun's processes without a GPU: MMEngine would set a CUDA device and give it to DDP."""
    torch.distributed.init_process_group('gloo')
    cfg.model_wrapper_cfg = dict(
        type='MMDistributedDataParallel',
        device_ids=None,
        broadcast_buffers=False,
        find_unused_parameters=cfg.get('find_unused_parameters', False),
    )
