"""MatchedFeatures: a pyramid that carries what made it."""

from collections.abc import Sequence

from torch import Tensor


class MatchedFeatures(tuple):
    """L levels of matched features, each (E, C', H_l, W_l), as the host's heads take them: a tuple.

    A RoI head that compares regions with the reference once more finds both sides here.

    Args:
        levels: The matched features.
        image_feats: L levels of the image, each (E, C, H_l, W_l), or (1, C, H_l, W_l) for E references to one image.
        references: Features of the references (E, C, h, w).
    """

    def __new__(cls, levels: Sequence[Tensor], image_feats: Sequence[Tensor], references: Tensor) -> 'MatchedFeatures':
        """Make the tuple, and lay the two sides beside it."""
        features = super().__new__(cls, levels)
        features.image_feats, features.references = tuple(image_feats), references
        return features
