"""The demo: data, training, tests, the table and the pictures."""

import copy
import os
import shutil
from pathlib import Path

import cv2
import numpy as np
from mmdet.registry import DATASETS
from mmengine.config import Config
from mmengine.dist import barrier, get_world_size, is_main_process, master_only
from mmengine.runner import Runner
from terminaltables import AsciiTable

from mmosis.evaluation import evaluate_detections, random_detections
from mmosis.synthetic import make_scenes
from mmosis.utils.coco_file import load_coco

from .coco_folder import find_coco_folder

PHASES = ('one-shot', 'background')
GALLERY = 'gallery'
HELD_BACK = 0.2
Row = tuple[str, float, float]


def run_demo(cfg: Config, data: str | None = None) -> str:
    """Train on background categories, test on them and on one-shot ones, and show the result.

    In several processes each does its share; the batch size of the config is that of all together.

    Args:
        cfg: Config of the demo, with ``scenes`` (see :mod:`mmosis.synthetic`), ``gallery`` and ``work_dir``.
        data: Folder of COCO-format data to use instead of scenes.

    Returns:
        str: The table, mAP50 in %. It and the gallery are in ``work_dir`` too.

    Raises:
        FileNotFoundError: If ``data`` has no known layout.
    """
    if data is None:
        _make_scenes(cfg)
    else:
        _use_folder(cfg, data)
    cfg.train_dataloader.batch_size //= get_world_size()
    Runner.from_cfg(cfg).train()
    barrier()  # the main process writes the last checkpoint
    rows = [_test(cfg, phase) for phase in PHASES] + [_test_random(cfg, phase) for phase in PHASES]
    table = _table(rows)
    _draw_gallery(cfg)
    _write(cfg, table)
    return table


@master_only
def _say(text: str) -> None:
    print(text, flush=True)


def _make_scenes(cfg: Config) -> None:
    if is_main_process():
        for name, scenes in cfg.scenes.items():
            _say(f'Scenes to {name} on: {scenes.num_images}, in {scenes.out_dir}')
            make_scenes(**scenes, num_workers=os.cpu_count() or 1)
    barrier()


def _use_folder(cfg: Config, data: str) -> None:
    """Point the config at a folder of the user's."""
    folder = find_coco_folder(data)
    parts = dict(
        train_dataloader=(folder.train_ann, folder.train_img), test_dataloader=(folder.test_ann, folder.test_img)
    )
    for loader, (ann_file, images) in parts.items():
        cfg[loader].dataset.update(data_root=folder.root, ann_file=ann_file, data_prefix=dict(img=images))
    if folder.single:
        num_images = len(load_coco(str(Path(folder.root, folder.train_ann))).imgToAnns)
        for loader in parts:
            cfg[loader].dataset.num_held_back = max(1, round(HELD_BACK * num_images))
        cfg.test_dataloader.dataset.held_back = True


def _test_config(cfg: Config, phase: str) -> Config:
    cfg = copy.deepcopy(cfg)
    cfg.load_from = Path(cfg.work_dir, 'last_checkpoint').read_text()
    cfg.test_dataloader.dataset.phase = phase
    return cfg


def _test(cfg: Config, phase: str) -> Row:
    _say(f'Test on {phase} categories')
    metrics = Runner.from_cfg(_test_config(cfg, phase)).test()
    return f'{phase} categories', metrics[f'{phase}/bbox_mAP_50'], metrics[f'{phase}/segm_mAP_50']


def _test_random(cfg: Config, phase: str) -> Row:
    """The paper's random baseline (section 5.3) on the same episodes."""
    dataset = DATASETS.build(_test_config(cfg, phase).test_dataloader.dataset)
    coco = load_coco(dataset.ann_file)
    cat_ids = dataset.metainfo['eval_cat_ids']
    img_ids = [dataset.get_data_info(i)['img_id'] for i in range(len(dataset))]
    detections = random_detections(coco, cat_ids, img_ids, cfg.randomness.seed)
    box, mask = (evaluate_detections(coco, detections, name, cat_ids, img_ids)[0] for name in ('bbox', 'segm'))
    return f'{phase} categories, random boxes', box['mAP_50'], mask['mAP_50']


def _table(rows: list[Row]) -> str:
    cells = [[name, f'{100 * box:.1f}', f'{100 * mask:.1f}'] for name, box, mask in rows]
    return AsciiTable([['mAP50 (%)', 'box', 'mask'], *cells]).table


def _draw_gallery(cfg: Config) -> None:
    """Draw the results of the first test images."""
    cfg = _test_config(cfg, 'one-shot')
    folder = Path(cfg.work_dir, GALLERY).resolve()
    if is_main_process():
        shutil.rmtree(folder, ignore_errors=True)  # pictures of an earlier run
    # The visualizer draws in the main process only, which gets every so many images.
    cfg.test_dataloader.dataset.indices = cfg.gallery.num_images * get_world_size()
    cfg.default_hooks.visualization.update(draw=True, test_out_dir=str(folder), score_thr=cfg.gallery.score_thr)
    Runner.from_cfg(cfg).test()
    barrier()


@master_only
def _write(cfg: Config, table: str) -> None:
    """Write the table, and all pictures of the gallery on one sheet."""
    Path(cfg.work_dir, 'table.txt').write_text(table + '\n')
    pictures = [cv2.imread(str(path)) for path in sorted(Path(cfg.work_dir, GALLERY).iterdir())]
    cv2.imwrite(str(Path(cfg.work_dir, 'gallery.png')), _sheet(pictures, cfg.gallery.width))


def _sheet(pictures: list[np.ndarray], width: int) -> np.ndarray:
    """Lay pictures out in rows on a white sheet, each row as full as it gets."""
    width = max(width, *(picture.shape[1] for picture in pictures))
    rows: list[list[np.ndarray]] = [[]]
    for picture in pictures:
        if sum(other.shape[1] for other in rows[-1]) + picture.shape[1] > width:
            rows.append([])
        rows[-1].append(picture)
    return np.vstack([_row(row, width) for row in rows])


def _row(pictures: list[np.ndarray], width: int) -> np.ndarray:
    row = np.full((max(picture.shape[0] for picture in pictures), width, 3), 255, np.uint8)
    left = 0
    for picture in pictures:
        row[: picture.shape[0], left : left + picture.shape[1]] = picture
        left += picture.shape[1]
    return row
