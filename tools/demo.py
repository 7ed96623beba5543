"""Train and test the demo model: one table and a gallery at the end. ``make demo`` calls it."""

import argparse
from pathlib import Path

from mmengine.dist import is_main_process

from mmosis.apis import run_demo
from mmosis.utils.launch import add_config_arguments, load_config, use_cpu_processes
from mmosis.utils.tool import run_tool

CONFIG = str(Path(__file__).parents[1] / 'configs/demo/siamese_mask_rcnn_demo_s1.py')


def main() -> None:
    """Run the demo."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_config_arguments(parser, default_config=CONFIG)
    parser.add_argument('--data', help='folder of COCO-format data to use instead of synthetic scenes')
    args = parser.parse_args()
    use_cpu_processes(args)
    cfg = load_config(args)
    table = run_demo(cfg, args.data)
    if is_main_process():
        print(table)
        print(f'Pictures: {cfg.work_dir}/gallery.png and {cfg.work_dir}/gallery/. Table: {cfg.work_dir}/table.txt')


if __name__ == '__main__':
    run_tool(main)
