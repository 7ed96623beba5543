"""EpisodeSampler: the draw numbers of a training run, without end."""

import itertools
from collections.abc import Iterator, Sized

from mmdet.registry import DATA_SAMPLERS
from mmengine.dist import get_dist_info
from torch.utils.data import Sampler


@DATA_SAMPLERS.register_module()
class EpisodeSampler(Sampler):
    """Yields the global draw number d, without end: rank r of W gets r, r + W, r + 2W, ...

    A step of W ranks with B samples each so uses the W x B next draws, whatever W is. The dataset makes all of a sample
    from (seed, d), so episodes do not depend on workers, ranks or a resume.

    Args:
        dataset: The training dataset; its ``seed`` is set to the runner's, so that one seed rules a run.
        seed: The runner's seed (``randomness`` in the config); None keeps the dataset's own.
    """

    def __init__(self, dataset: Sized, seed: int | None = None) -> None:
        self.rank, self.world_size = get_dist_info()
        self.num_samples = len(dataset)
        self._first = 0
        if seed is not None:
            dataset.seed = seed

    def __iter__(self) -> Iterator[int]:
        return itertools.count(self.rank + self._first * self.world_size, self.world_size)

    def __len__(self) -> int:
        """Size of the dataset, for MMEngine, which asks; draws have no end."""
        return self.num_samples

    def skip(self, num_samples: int) -> None:
        """Start after ``num_samples`` draws of this rank: MMEngine's resume calls it, so no data are loaded.

        Raises:
            ValueError: If the number is negative.
        """
        if num_samples < 0:
            raise ValueError(f'the number of samples to skip must be at least 0, got {num_samples}')
        self._first = num_samples

    def set_epoch(self, epoch: int) -> None:
        """Do nothing: draws are numbered through all epochs."""
