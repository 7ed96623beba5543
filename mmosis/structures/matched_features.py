"""FeatureLevels and MatchedFeatures: a pyramid that carries what it was matched from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import torch
from torch import Tensor

from .encoded_references import EncodedReferences


@dataclass(frozen=True, eq=False)
class FeatureLevels(Sequence):
    """L levels of features, which mmdet's heads read as a tuple; subclasses carry more beside them.

    Attributes:
        levels: Each (E, C', H_l, W_l).
    """

    levels: tuple[Tensor, ...]

    def __len__(self) -> int:
        return len(self.levels)

    @overload
    def __getitem__(self, index: int) -> Tensor: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Tensor, ...]: ...

    def __getitem__(self, index: int | slice) -> Tensor | tuple[Tensor, ...]:
        return self.levels[index]


@dataclass(frozen=True, eq=False)
class MatchedFeatures(FeatureLevels):
    """Matched features, with both sides for a RoI head that compares regions with the reference once more.

    Attributes:
        image_feats: L levels of the images, each (E, C, H_l, W_l), or (1, C, H_l, W_l) for E references to one image.
        references: What the match neck keeps of the E references.
        cat_ids: (E,) ids of the categories that are searched for, where a head needs them in training.
    """

    image_feats: tuple[Tensor, ...]
    references: EncodedReferences
    cat_ids: Tensor | None = None

    def rois_in_images(self, rois: Tensor) -> Tensor:
        """Number RoIs (R, 5), whose first column is the episode, by the image that the episode searches."""
        if len(self.image_feats[0]) == len(self.references):
            return rois
        return torch.cat([torch.zeros_like(rois[:, :1]), rois[:, 1:]], dim=1)
