"""BaseMatchNeck: base class of the match necks."""

from abc import ABCMeta, abstractmethod
from collections.abc import Sequence

from mmengine.model import BaseModule
from torch import Tensor, nn

from mmosis.structures import EncodedReferences


class BaseMatchNeck(BaseModule, metaclass=ABCMeta):
    """Encode references once, and match image features with them.

    A subclass says in :attr:`fields` what it keeps of references, makes it in :meth:`encode_references`, and matches
    in :meth:`forward`. Heads that need a field beside the matched features name it in ``reference_fields``; the
    detector compares the two when it is built.

    Args:
        in_channels: C of the pyramid.
        out_channels: Channels of the matched features.
        num_levels: L.
        init_cfg: Initialisation; by default xavier as in mmdet's FPN.
    """

    def __init__(
        self,
        in_channels: int = 256,
        out_channels: int = 384,
        num_levels: int = 5,
        init_cfg: dict | list[dict] | None = dict(type='Xavier', layer='Conv2d', distribution='uniform'),  # noqa: B006
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.in_channels, self.out_channels, self.num_levels = in_channels, out_channels, num_levels

    @property
    @abstractmethod
    def fields(self) -> dict[str, int | None]:
        """What is kept of references: names and numbers of tensors, as in :attr:`EncodedReferences.fields`."""

    @abstractmethod
    def encode_references(self, ref_feats: Sequence[Tensor], masks: Tensor | None = None) -> EncodedReferences:
        """Reduce the references' pyramids to the fields that are kept.

        Args:
            ref_feats: L levels, each (E, K, C, h_l, w_l), and maps that the neck gives beside them.
            masks: (E, K, 1, h, w), 0 to 1, where the objects are; by default everywhere, as in the paper.

        Returns:
            EncodedReferences: The tensors of :attr:`fields`, each (E, ...).
        """

    def merge_references(self, references: EncodedReferences) -> EncodedReferences:
        """Merge K rows into one, as if encoded as the K references of one episode: by default their mean."""
        return references.map(lambda tensor: tensor.mean(dim=0, keepdim=True))

    @abstractmethod
    def forward(self, feats: Sequence[Tensor], references: EncodedReferences) -> Sequence[Tensor]:
        """Match.

        Args:
            feats: L levels, each (E, C, H_l, W_l), or (1, C, H_l, W_l) for E references to one image, and maps that the
                neck gives beside them.
            references: Of :meth:`encode_references`.

        Returns:
            L levels, each (E, out_channels, H_l, W_l): a tuple, or :class:`MatchedFeatures`.

        Raises:
            ValueError: If the number of levels or channels is not that of the neck.
        """

    def region_layers(self) -> dict[int, nn.Linear | None]:
        """Which maps are compared with a vector of the reference, and by what layer: see :class:`SiameseMixin`.

        None, unless a subclass compares vectors.
        """
        return {}

    def check_levels(self, feats: Sequence[Tensor], ref_tensors: Sequence[Tensor]) -> None:
        """Check levels of images (E or 1, C, ...) and of references (E, C, ...).

        Raises:
            ValueError: If their number is not L or their channels are not C.
        """
        got = [feat.shape[1] for feat in feats], [tensor.shape[1] for tensor in ref_tensors]
        if any(sizes != [self.in_channels] * self.num_levels for sizes in got):
            raise ValueError(
                f'{type(self).__name__} has {self.num_levels} levels of {self.in_channels} channels, got features of '
                f'{got[0]} and references of {got[1]}; set num_levels and in_channels to those of the neck'
            )

    def make_convs(self, in_channels: int) -> nn.ModuleList:
        """Make a 1x1 convolution with bias for each level, to ``out_channels``."""
        return nn.ModuleList(nn.Conv2d(in_channels, self.out_channels, 1) for _ in range(self.num_levels))
