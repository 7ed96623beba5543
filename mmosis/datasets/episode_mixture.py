"""EpisodeMixture: training episodes of several data sets, by weights."""

from collections.abc import Sequence

import numpy as np
from mmdet.registry import DATASETS
from mmengine.dataset import ConcatDataset

from mmosis.utils.rng import generator

from .one_shot_coco import OneShotCocoDataset

BLOCK = 1024  # draws that are assigned to data sets together


@DATASETS.register_module()
class EpisodeMixture(ConcatDataset):
    """Training episodes of several data sets, each as often as its weight says.

    Draw d goes to one of the data sets, and is its own draw n if n draws before went to it: so each data set shows all
    its images once before it shows one again, however small its weight. Both are functions of (seed, d). Image,
    category and references of an episode are of one data set. ``metainfo`` is that of the first, ``len`` counts all
    images.

    Args:
        datasets: :class:`OneShotCocoDataset` in training, or their configs. All references must come out in one shape.
        weights: How often each is drawn from: positive numbers, of which only the ratios count.
        seed: Seed of all draws; each data set gets one of its own, made from it. The :class:`EpisodeSampler` hands on
            the runner's.

    Raises:
        TypeError: If a data set makes no episodes.
        ValueError: If there is not one positive weight for each data set, or one is for tests.
    """

    def __init__(self, datasets: Sequence[OneShotCocoDataset | dict], weights: Sequence[float], seed: int = 0) -> None:
        if not datasets or len(weights) != len(datasets) or not all(0 < weight < np.inf for weight in weights):
            raise ValueError(
                f'a mixture needs a positive weight for each data set, got {list(weights)} for {len(datasets)}'
            )
        parts = [DATASETS.build(dataset) if isinstance(dataset, dict) else dataset for dataset in datasets]
        for part in parts:
            if not isinstance(part, OneShotCocoDataset):
                raise TypeError(f'a mixture is of OneShotCocoDataset, got {type(part).__name__}')
            if part.test_mode:
                raise ValueError(f'a mixture is for training, and {part.ann_file} is to be tested; set test_mode=False')
        # The data sets' categories may differ: the network never sees them.
        super().__init__(parts, ignore_keys=[key for part in parts for key in part.metainfo])
        self.weights = np.array(weights) / sum(weights)
        self.seed = seed

    @property
    def seed(self) -> int:
        """Seed of all draws; setting it sets those of the data sets."""
        return self._seed

    @seed.setter
    def seed(self, seed: int) -> None:
        self._seed = seed
        # How many draws each data set had before a block; blocks are added when they are asked for.
        self._before = [np.zeros(len(self.datasets), dtype=int)]
        # Of one seed, data sets over one file would show the same episodes.
        for number, dataset in enumerate(self.datasets):
            dataset.seed = int(generator(seed, 'part', number).integers(2**31))

    def locate(self, draw: int) -> tuple[int, int]:
        """Find which data set makes a draw, and which of its own draws that is.

        Args:
            draw: The draw number d, >= 0.
        """
        block, position = divmod(draw, BLOCK)
        while len(self._before) <= block:
            counts = np.bincount(self._assign(len(self._before) - 1), minlength=len(self.datasets))
            self._before.append(self._before[-1] + counts)
        assigned = self._assign(block)
        part = int(assigned[position])
        return part, int(self._before[block][part] + np.count_nonzero(assigned[:position] == part))

    def __getitem__(self, draw: int) -> dict:
        """Make the sample of a draw, as its data set does."""
        part, number = self.locate(draw)
        return self.datasets[part][number]

    def _assign(self, block: int) -> np.ndarray:
        """The data set of each draw of a block."""
        return generator(self.seed, 'mixture', block).choice(len(self.datasets), BLOCK, p=self.weights)
