"""MatchedFeatures: a pyramid that carries what it was matched from."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .encoded_references import EncodedReferences


class MatchedFeatures(tuple):
    """L levels of matched features, each (E, C', H_l, W_l), as mmdet's heads take them: a tuple.

    A RoI head that compares regions with the reference once more finds both sides here.

    Attributes:
        image_feats: L levels of the images, each (E, C, H_l, W_l), or (1, C, H_l, W_l) for E references to one image.
        references: What the match neck keeps of the E references.
    """

    image_feats: tuple[Tensor, ...]
    references: EncodedReferences

    def __new__(
        cls, levels: Sequence[Tensor], image_feats: Sequence[Tensor], references: EncodedReferences
    ) -> 'MatchedFeatures':
        """Make the tuple, and lay the two sides beside it."""
        features = super().__new__(cls, levels)
        features.image_feats, features.references = tuple(image_feats), references
        return features

    def rois_in_images(self, rois: Tensor) -> Tensor:
        """Number RoIs (R, 5), whose first column is the episode, by the image that the episode searches."""
        if len(self.image_feats[0]) == len(self.references):
            return rois
        return torch.cat([torch.zeros_like(rois[:, :1]), rois[:, 1:]], dim=1)
