"""SharedByEpisode: the same random augmentation of an episode's image and its references."""

from collections.abc import Callable, Sequence

import numpy as np
from mmcv.transforms import BaseTransform
from mmdet.registry import TRANSFORMS
from mmengine.dataset import Compose

from mmosis.utils.rng import seeded


@TRANSFORMS.register_module()
class SharedByEpisode(BaseTransform):
    """Run transforms whose random draws are the same for an episode's image and all its references.

    An augmentation that differs between image and reference teaches to ignore a difference. One that both have makes
    another category of this one, with other colours or turned about, so a matcher sees more categories than the data
    has and can learn none by heart (the memorization of arXiv 1912.03820). Task augmentation does so by rotation for
    few-shot classifiers (arXiv 2003.00804); the paper does not. The same transforms stand in ``pipeline`` and
    ``ref_pipeline``, and draw as often for a reference as for an image.

    Required keys: ``img``; ``draw`` (seed, d), as the data set gives it in training.

    Changed keys: those of the transforms. ``img`` stays uint8.

    Args:
        transforms: Configs of transforms, or transforms.
    """

    def __init__(self, transforms: Sequence[dict | Callable]) -> None:
        self.transforms = Compose(transforms)

    def transform(self, results: dict) -> dict | None:
        """Run the transforms, or give None if one of them drops the sample.

        Raises:
            ValueError: If there is no draw number, as in testing.
        """
        if 'draw' not in results:
            raise ValueError(
                'SharedByEpisode needs the draw number of a training sample, got none; remove it from test pipelines'
            )
        seed, draw = results['draw']
        with seeded(seed, 'shared by episode', draw):
            results = self.transforms(results)
        if results is not None:
            # Transforms of colour may leave floats, beyond the range too.
            results['img'] = np.clip(np.rint(results['img']), 0, 255).astype(np.uint8)
        return results
