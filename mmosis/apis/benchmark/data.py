"""Time the data of a training: seconds of an item, transform by transform."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from mmdet.registry import DATASETS
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.registry import init_default_scope

from .measured import Measured

PIPELINES = dict(pipeline='image', ref_pipeline='reference')


def measure_data(cfg: Config, num_items: int) -> Measured:
    """Time items of the training's data set in one process, as each worker of its loader makes them.

    Args:
        cfg: Config whose ``train_dataloader`` is measured, and whose files are there.
        num_items: Items, after one that does not count.
    """
    init_default_scope(cfg.default_scope)
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    dataset[0]
    seconds: dict[str, float] = {}
    for each in getattr(dataset, 'datasets', [dataset]):  # a mixture has several
        _listen(each, seconds)
    start = time.perf_counter()
    for index in range(1, num_items + 1):
        dataset[index % len(dataset)]
    whole = time.perf_counter() - start
    seconds.update({'the rest': whole - sum(seconds.values()), 'an item': whole})
    rows = [
        {'': name, 'ms an item': 1000 * taken / num_items, 'share': taken / whole} for name, taken in seconds.items()
    ]
    return Measured(f'{num_items} items of {type(dataset).__name__}', rows)


def _listen(dataset: BaseDataset, seconds: dict[str, float]) -> None:
    """Let the transforms of a data set add up how long they take."""
    for attribute, of in PIPELINES.items():
        pipeline = getattr(dataset, attribute, None)
        if pipeline is not None:
            names = [f'{of}: {type(transform).__name__}' for transform in pipeline.transforms]
            seconds.update(dict.fromkeys(names, 0.0))
            pipeline.transforms = [
                partial(_timed, transform, name, seconds)
                for transform, name in zip(pipeline.transforms, names, strict=True)
            ]


def _timed(transform: Callable, name: str, seconds: dict[str, float], data: dict) -> Any:
    start = time.perf_counter()
    out = transform(data)
    seconds[name] += time.perf_counter() - start
    return out
