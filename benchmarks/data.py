"""Time the data of a training: an item, transform by transform, beside MMDetection's plain pipeline."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from mmdet.registry import DATASETS
from mmengine.config import Config
from mmengine.dataset import BaseDataset, Compose
from mmengine.registry import init_default_scope

from analysis.step_timing import Taken, time_step
from mmosis.datasets import EpisodeMixture, OneShotCocoDataset

from .measured import Measured

PLAIN, SAME_OBJECTS, OURS = 'plain pipeline', 'plain pipeline, objects that match alone', 'ours'
PIPELINES = dict(pipeline='image', ref_pipeline='reference')


def measure_data(cfg: Config, num_items: int) -> list[Measured]:
    """Time items of the training's data set in one process, as each worker of its loader makes them.

    In turns the same images go through MMDetection's plain pipeline, with all their objects and at the same scale.

    Args:
        cfg: Config whose ``train_dataloader`` is measured, and whose files are there.
        num_items: Items, after one that does not count.

    Returns:
        list: The transforms of an item; items beside plain ones, where the data set makes episodes.
    """
    init_default_scope(cfg.default_scope)
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    parts = getattr(dataset, 'datasets', [dataset])  # a mixture has several
    plain = PlainItems(parts)
    seconds: dict[str, float] = {}
    rounds = []
    for index in range(num_items + 1):
        if index == 1:
            for part in parts:
                _listen(part, seconds)
        rounds.append(_time_ways(dataset, plain, index % len(dataset)))
    means = {name: Taken(*np.mean([taken[name] for taken in rounds[1:]], axis=0).tolist()) for name in rounds[0]}
    title = f'{num_items} items of {type(dataset).__name__}'
    return [_by_transform(title, seconds, num_items, means[OURS].seconds), _beside_plain(title, means)]


def _time_ways(dataset: BaseDataset, plain: 'PlainItems', index: int) -> dict[str, Taken]:
    """Time an item, and the same image in MMDetection's way."""
    part, number = dataset.locate(index) if isinstance(dataset, EpisodeMixture) else (0, index)
    ways = {name: partial(plain.make, part, *image) for name, image in plain.images(part, number).items()}
    ways[OURS] = partial(dataset.__getitem__, index)
    return {name: time_step(way)[1] for name, way in ways.items()}


class PlainItems:
    """Items as MMDetection's configs make them: loaded, resized, flipped and packed.

    Args:
        datasets: Data sets whose images they are of; of each the scale, and whether it has masks.
    """

    def __init__(self, datasets: Sequence[BaseDataset]) -> None:
        self.datasets = datasets
        self.pipelines = [_plain_pipeline(dataset.pipeline) for dataset in datasets]

    def images(self, part: int, number: int) -> dict[str, tuple[int, list[dict] | None]]:
        """Positions and objects of the image of an item: all, and where it is an episode's, those that match."""
        dataset = self.datasets[part]
        if not isinstance(dataset, OneShotCocoDataset):
            return {PLAIN: (number, None)}
        info, _ = dataset.draw_episodes(number)
        return {PLAIN: (info['sample_idx'], None), SAME_OBJECTS: (info['sample_idx'], info['instances'])}

    def make(self, part: int, position: int, instances: list[dict] | None) -> dict:
        """Make the item of an image, with these objects or all."""
        info = self.datasets[part].get_data_info(position)
        return self.pipelines[part](info if instances is None else dict(info, instances=instances))


def _by_transform(title: str, seconds: dict[str, float], num_items: int, item: float) -> Measured:
    taken = {name: total / num_items for name, total in seconds.items()}
    taken.update({'the rest': item - sum(taken.values()), 'an item': item})
    rows = [{'': name, 'ms an item': 1000 * each, 'fraction': each / item} for name, each in taken.items()]
    return Measured(title, rows)


def _beside_plain(title: str, means: dict[str, Taken]) -> Measured:
    plain = means[PLAIN]
    rows = [
        {
            '': name,
            'ms an item': 1000 * taken.seconds,
            'processor ms': 1000 * taken.processor_seconds,
            'ratio': taken.seconds / plain.seconds,
            'ratio of processor ms': taken.processor_seconds / plain.processor_seconds,
        }
        for name, taken in means.items()
    ]
    return Measured(f"{title} beside MMDetection's plain pipeline on the same images", rows)


def _plain_pipeline(pipeline: Compose) -> Compose:
    """Make MMDetection's transforms of a training, to the scale of a pipeline."""
    with_mask = any(getattr(transform, 'with_mask', False) for transform in pipeline.transforms)
    scales = [transform.scale for transform in pipeline.transforms if getattr(transform, 'scale', None)]
    return Compose(
        [
            dict(type='LoadImageFromFile'),
            dict(type='LoadAnnotations', with_bbox=True, with_mask=with_mask),
            *(dict(type='Resize', scale=scale, keep_ratio=True) for scale in scales[:1]),
            dict(type='RandomFlip', prob=0.5),
            dict(type='PackDetInputs'),
        ]
    )


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
