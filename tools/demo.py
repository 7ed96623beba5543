"""Train and test the demo model: one table and a gallery at the end. ``make demo`` calls it."""

import argparse
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
from terminaltables import AsciiTable

from mmosis.utils.notices import quiet_imports

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

with quiet_imports():
    from mmosis.compat import prepare

    prepare()

    from mmdet.registry import DATASETS
    from mmengine.config import Config
    from mmengine.dist import barrier, get_world_size, is_main_process, master_only

    from mmosis.apis.coco_folder import hold_out, use_coco_folder
    from mmosis.apis.experiment import TESTED_PHASES, make_test_config, run_phase_tests, run_training, write_table
    from mmosis.engine import StrictRunner
    from mmosis.evaluation import random_baseline
    from mmosis.utils.coco_file import load_coco
    from mmosis.utils.cores import available_cores
    from mmosis.utils.launch import add_config_arguments, load_config, use_cpu_processes
    from mmosis.utils.tool import run_tool
    from projects.scenes.synthetic import make_scenes

CONFIG = str(Path(__file__).parents[1] / 'configs/demo/siamese_mask_rcnn_demo_s1.py')
GALLERY = 'gallery'
Rows = dict[str, dict[str, float]]


def run_demo(cfg: Config, data: str | None = None) -> str:
    """Train on background categories, test on them and on one-shot ones, and show the result.

    In several processes each does its part; the batch size of the config is that of all together.

    Args:
        cfg: Config of the demo, with ``scenes`` (see :mod:`projects.scenes.synthetic`), ``gallery`` and ``work_dir``.
        data: Folder of COCO-format data to use instead of scenes.

    Returns:
        str: The table, mAP50 in %. It is in ``work_dir`` too, as ``table.txt`` and ``table.json`` (0-1), and so is the
        gallery.

    Raises:
        FileNotFoundError: If ``data`` has no known layout.
    """
    if data is None:
        make_config_scenes(cfg)
    else:
        use_coco_folder(cfg, data)
        if cfg.train_dataloader.dataset.split is not None:
            hold_out(cfg)
    checkpoint = run_training(cfg)
    rows = {f'{phase} categories': figures for phase, figures in run_phase_tests(cfg, checkpoint).items()}
    for phase in TESTED_PHASES:
        rows[f'{phase} categories, random boxes'] = _test_random(make_test_config(cfg, checkpoint, phase=phase))
    table = _table(rows)
    write_table(cfg, table, rows)
    _draw_gallery(make_test_config(cfg, checkpoint, phase=TESTED_PHASES[0]))
    _write_sheet(cfg)
    return table


def make_config_scenes(cfg: Config) -> None:
    """Make the scenes that a config describes as ``scenes``, in the main process; the others wait."""
    if is_main_process():
        for name, scenes in cfg.scenes.items():
            print(f'Scenes to {name} on: {scenes.num_images}, in {scenes.out_dir}', flush=True)
            make_scenes(**scenes, num_workers=available_cores())
    barrier()


def _test_random(cfg: Config) -> dict[str, float]:
    """The paper's random baseline (section 5.3) on the same episodes."""
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    coco = load_coco(dataset.ann_file, dataset.metainfo['img_dir'])
    dump = random_baseline(coco, dataset.episode_records(), dataset.metainfo['protocol'], cfg.randomness.seed)
    metrics = dump.evaluate(coco)
    return {name: metrics[iou_type]['mean']['mAP_50'] for name, iou_type in dict(box='bbox', mask='segm').items()}


def _table(rows: Rows) -> str:
    cells = [[name, *(f'{100 * ap:.1f}' for ap in row.values())] for name, row in rows.items()]
    return AsciiTable([['mAP50 (%)', 'box', 'mask'], *cells]).table


def _draw_gallery(cfg: Config) -> None:
    """Draw the results of the first test images."""
    folder = Path(cfg.work_dir, GALLERY).resolve()
    if is_main_process():
        shutil.rmtree(folder, ignore_errors=True)  # images of an earlier run
    # The visualizer draws in the main process only, which gets every so many images.
    cfg.test_dataloader.dataset.indices = cfg.gallery.num_images * get_world_size()
    cfg.default_hooks.visualization.update(draw=True, test_out_dir=str(folder), score_thr=cfg.gallery.score_thr)
    StrictRunner.from_cfg(cfg).test()
    barrier()


@master_only
def _write_sheet(cfg: Config) -> None:
    """Write all images of the gallery on one sheet."""
    images = [cv2.imread(str(path)) for path in sorted(Path(cfg.work_dir, GALLERY).iterdir())]
    cv2.imwrite(str(Path(cfg.work_dir, 'gallery.png')), _sheet(images, cfg.gallery.width))


def _sheet(images: list[np.ndarray], width: int) -> np.ndarray:
    """Lay images out in rows on a white sheet, each row as full as it gets."""
    width = max(width, *(image.shape[1] for image in images))
    rows: list[list[np.ndarray]] = [[]]
    for image in images:
        if sum(other.shape[1] for other in rows[-1]) + image.shape[1] > width:
            rows.append([])
        rows[-1].append(image)
    return np.vstack([_row(row, width) for row in rows])


def _row(images: list[np.ndarray], width: int) -> np.ndarray:
    row = np.full((max(image.shape[0] for image in images), width, 3), 255, np.uint8)
    left = 0
    for image in images:
        row[: image.shape[0], left : left + image.shape[1]] = image
        left += image.shape[1]
    return row


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
        print(f'Images: {cfg.work_dir}/gallery.png and {cfg.work_dir}/gallery/. Table: {cfg.work_dir}/table.txt')


if __name__ == '__main__':
    run_tool(main)
