"""OneShotDataPreprocessor: the same treatment for images and references."""

import torch
from mmdet.models import DetDataPreprocessor
from mmdet.registry import MODELS
from mmengine.model import ImgDataPreprocessor
from torch import Tensor

from mmosis.structures import EncodedReferences


@MODELS.register_module()
class OneShotDataPreprocessor(DetDataPreprocessor):
    """mmdet's preprocessor, applied to the references too: same device, channel order, mean and std.

    The published code subtracts the mean from references in training and forgets it in evaluation; here both branches
    run the same lines always. Arguments are ``DetDataPreprocessor``'s.
    """

    def forward(self, data: dict, training: bool = False) -> dict:
        """Collate, move and normalise.

        Args:
            data: ``inputs``: B tensors (3, H, W); ``data_samples``; ``ref_inputs``: B tensors, (E_i, K, 3, h, w) or in
                training (K, 3, h, w), or encoded references, which are only moved. A fourth channel is the reference's
                mask, 0 to 255, and becomes 0 to 1.
            training: Whether batch augmentations apply.

        Returns:
            dict: ``inputs`` (B, 3, H, W), ``data_samples``, ``ref_inputs``: (N, K, 3, h, w) of all episodes in
            training, else a list.

        Raises:
            ValueError: If there are no references, they have other channels, or their size is not a multiple of
                ``pad_size_divisor``.
        """
        if 'ref_inputs' not in data:
            raise ValueError(f'the batch came without ref_inputs, only {sorted(data)}; OneShotCocoDataset makes them')
        ref_inputs = [self.prepare_references(refs) for refs in data['ref_inputs']]
        data = self.prepare_images({key: value for key, value in data.items() if key != 'ref_inputs'}, training)
        one_episode_each = all(isinstance(refs, Tensor) and refs.dim() == 4 for refs in ref_inputs)
        if one_episode_each:
            ref_inputs = torch.stack(ref_inputs)
        elif training:
            ref_inputs = torch.cat(ref_inputs)
        return dict(data, ref_inputs=ref_inputs)

    def prepare_images(self, data: dict, training: bool = False) -> dict:
        """Collate, move and normalise images alone: ``inputs`` and ``data_samples``."""
        return super().forward(data, training)

    def prepare_references(self, refs: Tensor | EncodedReferences) -> Tensor | EncodedReferences:
        """Move and normalise references (..., 3 or 4, h, w); encoded ones are only moved.

        Raises:
            ValueError: If their size is not a multiple of ``pad_size_divisor``.
        """
        if isinstance(refs, EncodedReferences):
            return refs.to(self.device)
        channels, height, width = refs.shape[-3:]
        if channels not in (3, 4):
            raise ValueError(
                f'references must have 3 channels, or 4 with a mask, got {channels}; PackReference makes such'
            )
        if height % self.pad_size_divisor or width % self.pad_size_divisor:
            raise ValueError(
                f'references must have sides that are multiples of pad_size_divisor={self.pad_size_divisor}, got '
                f'{height}x{width} (h x w): more padding would leak into their mean; change ResizeReference(size=...)'
            )
        pixels, mask = refs.flatten(0, -4).split([3, channels - 3], dim=1)
        normalised = self.normalise_references(pixels)
        return torch.cat([normalised, mask.to(normalised) / 255], dim=1).unflatten(0, refs.shape[:-3])

    def normalise_references(self, pixels: Tensor) -> Tensor:
        """Normalise references (N, 3, h, w) as images are."""
        return ImgDataPreprocessor.forward(self, dict(inputs=list(pixels)))['inputs']
