"""Time how a data set loads annotations as many as COCO's, and what they cost in memory, workers and all (Linux).

Each data set is in a process of its own, without images: of an item only the annotations of its image are read, and in
training its episode is sampled.
"""

import contextlib
import io
import os
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from mmdet.registry import DATASETS
from mmengine.dataset import BaseDataset
from mmengine.registry import init_default_scope
from torch.utils.data import DataLoader, Dataset

from analysis.step_timing import time_step
from mmosis.datasets import OneShotCocoDataset
from mmosis.utils.rng import generator

from .coco_size import CATEGORY_NAMES, write_coco_size
from .measured import Measured, Row
from .memory import forget_peak, held, held_together, in_new_process, peak

MASKS = dict(type='ReferenceSampler', with_masks=True)
WAYS: dict[str, dict | None] = {
    'no data set': None,
    'CocoDataset': dict(
        type='CocoDataset',
        metainfo=dict(classes=CATEGORY_NAMES),
        filter_cfg=dict(filter_empty_gt=True, min_size=32),  # as MMDetection's configs have it
    ),
    'OneShotCocoDataset': dict(type='OneShotCocoDataset', split=1),
    'OneShotCocoDataset, references with masks': dict(type='OneShotCocoDataset', split=1, reference_sampler=MASKS),
}
BATCH = 32


class Used(NamedTuple):
    """What a data set used.

    Attributes:
        seconds: To load it.
        processor_seconds: The same of the processor.
        peak: MiB that were added while it was loaded.
        resident: MiB that it added.
        serialised: MiB of it that are MMEngine's ``data_bytes``.
        workers: MiB that the workers added, shared pages counted once.
        reading: Of these, what reading added after the workers had started.
    """

    seconds: float
    processor_seconds: float
    peak: float
    resident: float
    serialised: float
    workers: float
    reading: float


class AnnotationsAlone(Dataset):
    """Items without images.

    Args:
        dataset: What they are of; None for nothing.
        num: Items, all in a random order and again, as often as need be.
    """

    def __init__(self, dataset: BaseDataset | None, num: int) -> None:
        self.dataset = dataset
        self.order = generator(0, 'items').integers(1 if dataset is None else len(dataset), size=num)

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, position: int) -> int:
        index = int(self.order[position])
        if isinstance(self.dataset, OneShotCocoDataset):
            self.dataset.draw_episodes(index)
        elif self.dataset is not None:
            self.dataset.get_data_info(index)
        return index


def measure_annotations(
    folder: str | None, num_images: int, num_annotations: int, num_workers: int, num_items: int
) -> Measured:
    """Measure loading and memory of our data set beside mmdet's on one file, which is written if it is not there.

    Args:
        folder: Where the file is kept; None for a temporary one.
        num_images: Images of the file.
        num_annotations: Objects of the file.
        num_workers: Workers of the data loader.
        num_items: Items that each worker reads.
    """
    with TemporaryDirectory() as temporary:
        path = write_coco_size(folder or temporary, num_images, num_annotations)
        rows = [_row(name, in_new_process(measure, cfg, path, num_workers, num_items)) for name, cfg in WAYS.items()]
        size = path.stat().st_size / 2**20
    title = (
        f'{num_images} images, {num_annotations} objects, {size:.0f} MiB; {num_workers} workers, {num_items} items each'
    )
    return Measured(title, rows)


def _row(name: str, used: Used) -> Row:
    return {
        '': name,
        's to load': used.seconds,
        'processor s': used.processor_seconds,
        'peak, MiB': used.peak,
        'loaded, MiB': used.resident,
        'of these serialised, MiB': used.serialised,
        'all workers, MiB': used.workers,
        'of these by reading, MiB': used.reading,
    }


def measure(cfg: dict | None, path: Path, num_workers: int, num_items: int) -> Used:
    """Load a data set and let workers read of it.

    Args:
        cfg: The data set, but for its file; None for none.
        path: The annotation file.
        num_workers: Workers.
        num_items: Items that each reads.
    """
    init_default_scope('mmdet')
    forget_peak()
    before = held()
    with contextlib.redirect_stdout(io.StringIO()):
        dataset, taken = time_step(
            lambda: cfg and DATASETS.build(dict(cfg, ann_file=str(path), data_prefix=dict(img='')))
        )
    most, loaded = peak() - before, held() - before
    serialised = 0 if dataset is None else dataset.data_bytes.nbytes / 2**20
    return Used(*taken, most, loaded, serialised, *_read_by_workers(dataset, num_workers, num_items))


def _read_by_workers(dataset: BaseDataset | None, num_workers: int, num_items: int) -> tuple[float, float]:
    """MiB that workers add by being there and reading, and by reading alone."""
    alone = held_together([os.getpid()])
    items = AnnotationsAlone(dataset, num_workers * num_items)
    # Forked, as by MMEngine's runner; this process was not.
    settings = dict(num_workers=num_workers, persistent_workers=True, multiprocessing_context='fork')
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', 'This DataLoader will create')
        batches = iter(DataLoader(items, BATCH, **settings))
    next(batches)
    processes = [os.getpid(), *(worker.pid for worker in batches._workers)]
    started = held_together(processes)
    for _ in batches:
        pass
    read = held_together(processes)
    return read - alone, read - started
