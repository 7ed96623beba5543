"""Train and test the demo model: one table and a gallery at the end. ``make demo`` calls it."""

import argparse
import os
import sys
from pathlib import Path

import torch
from mmengine.dist import is_main_process

from mmosis.apis import run_demo
from mmosis.utils.launch import add_config_arguments, load_config

CONFIG = str(Path(__file__).parents[1] / 'configs/demo/siamese_mask_rcnn_demo_s1.py')
CPU_PROCESSES = 2


def start_cpu_processes() -> None:
    """Become torchrun with two processes of this tool, which take a busy machine better than threads do."""
    os.environ.setdefault('OMP_NUM_THREADS', str(max(1, (os.cpu_count() or 1) // CPU_PROCESSES)))
    torchrun = [sys.executable, '-m', 'torch.distributed.run', '--standalone', f'--nproc_per_node={CPU_PROCESSES}']
    os.execv(sys.executable, [*torchrun, *sys.argv, '--launcher', 'pytorch'])


def main() -> None:
    """Run the demo."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_config_arguments(parser, default_config=CONFIG)
    parser.add_argument('--data', help='folder of COCO-format data to use instead of synthetic scenes')
    args = parser.parse_args()
    if args.launcher == 'none' and not torch.cuda.is_available():
        start_cpu_processes()
    cfg = load_config(args)
    table = run_demo(cfg, args.data)
    if is_main_process():
        print(table)
        print(f'Pictures: {cfg.work_dir}/gallery.png and {cfg.work_dir}/gallery/. Table: {cfg.work_dir}/table.txt')


if __name__ == '__main__':
    main()
