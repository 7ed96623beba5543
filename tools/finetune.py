"""Train a checkpoint on with a folder of COCO-format data: one table of before and after, and a new checkpoint."""

import argparse
from pathlib import Path

from mmosis.utils.notices import quiet_imports

with quiet_imports():
    from mmengine.dist import is_main_process

    from mmosis.apis import run_finetune
    from mmosis.search.model_zoo import find_model
    from mmosis.utils.launch import add_config_arguments, load_config, use_cpu_processes
    from mmosis.utils.tool import run_tool

CONFIG = str(Path(__file__).parents[1] / 'configs/lite/siamese_mask_rcnn_lite_finetune.py')


def main() -> None:
    """Fine-tune."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('data', help='folder of COCO-format data')
    add_config_arguments(parser, default_config=CONFIG)
    parser.add_argument(
        '--weights',
        default=str(find_model()[1]),
        help='checkpoint to start from (default: that of the default model)',
    )
    parser.add_argument(
        '--one-shot-classes',
        type=lambda names: names.split(','),
        metavar='NAME,NAME',
        help='categories to hold out of the training (default: every fourth one, as --split says)',
    )
    parser.add_argument(
        '--steps', type=int, help="length of the training, by which the config's schedule is scaled (default: its own)"
    )
    parser.add_argument(
        '--resume', action='store_true', help='go on from the newest valid checkpoint in the work dir, if there is one'
    )
    args = parser.parse_args()
    if args.split is not None and args.one_shot_classes is not None:
        parser.error('--split and --one-shot-classes both say what is held out: give one of them')
    use_cpu_processes(args)
    cfg = load_config(args)
    table, checkpoint = run_finetune(cfg, args.data, args.weights, args.one_shot_classes, args.resume, args.steps)
    if is_main_process():
        print(table)
        print(f'Checkpoint: {checkpoint}. Table: {cfg.work_dir}/table.txt')


if __name__ == '__main__':
    run_tool(main)
