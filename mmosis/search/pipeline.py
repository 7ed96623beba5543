"""SearchPipeline: the config's test pipeline on files and arrays, at a scale that each image may choose."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate

from mmosis.structures import EncodedReferences

from .images import MAX_PIXELS, load_image
from .steps import at_scale, without_loading
from .view_search import View


class SearchPipeline:
    """Load and transform an image as the test does, but at another scale if one is given.

    Args:
        cfg: A config with a test loader.
    """

    def __init__(self, cfg: Config) -> None:
        self.steps = without_loading(cfg.test_dataloader.dataset.pipeline)
        self.divisor = cfg.model.data_preprocessor.get('pad_size_divisor', 1)
        self._as_tested = Compose(self.steps)

    @property
    def resizes(self) -> bool:
        """Whether it has a Resize, which a scale sets."""
        return any(step['type'] == 'Resize' for step in self.steps)

    @staticmethod
    def load(image: str | np.ndarray, max_pixels: int = MAX_PIXELS) -> dict:
        """Load an image as ``LoadImage`` does; a file of more pixels is refused."""
        img = load_image(image, max_pixels)
        results = dict(img=img, img_shape=img.shape[:2], ori_shape=img.shape[:2])
        return results if isinstance(image, np.ndarray) else dict(results, img_path=image)

    def __call__(self, image: str | np.ndarray | dict, side: int | None = None) -> dict[str, Any]:
        """Transform an image, or what :meth:`load` made of it.

        Args:
            image: A file, an array (H, W, 3) BGR uint8, or what was loaded.
            side: Longer side in pixels, padded no more than strides need; by default as the config says.

        Returns:
            dict: ``inputs`` and ``data_samples``.
        """
        results = dict(image) if isinstance(image, dict) else self.load(image)
        if side is None:
            return self._as_tested(results)
        return Compose([at_scale(step, side, self.divisor) for step in self.steps])(results)

    def batch(self, views: Sequence[View], images: Sequence[np.ndarray], queries: EncodedReferences) -> dict:
        """Make a batch for the model.

        Args:
            views: Of one side.
            images: What they are views of, each (H, W, 3) BGR uint8.
            queries: One row for each category of the bank.

        Returns:
            dict: What ``model.test_step`` takes: a sample a view, with the references of the view's labels.
        """
        data = pseudo_collate([self(view.cut(images), view.side) for view in views])
        return dict(data, ref_inputs=[queries[torch.tensor(view.labels)] for view in views])
