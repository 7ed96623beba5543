"""CoExcitation: an image and a reference attend to each other, and the reference weighs the channels of both."""

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

EPS = 1e-6


class CoExcitation(BaseModule):
    """Co-attention and squeeze-and-co-excitation of CoAE (arXiv 1911.12529, sections 3.1 and 3.2).

    With i over the N positions of the image I and j over the M positions of the reference p, as in ``match_block`` of
    its code, where the affinity is a dot product without softmax::

        f(i, j) = phi(I_i) . theta(p_j)
        F(I)_i = I_i + Q(1 / M * sum over j of f(i, j) g(p_j))
        F(p)_j = p_j + W(1 / N * sum over i of f(i, j) g(I_i))
        w = sigmoid(MLP(mean over j of F(p)_j))

    What comes of it is the image w * F(I), and w. A sum over positions is taken before the product with the other
    side, which is the same, since there is no softmax: of each side one matrix of C/2 x C/2 is made, the image's once
    for all references, and no map of N x M.

    It differs from the code in two ways. W and Q have no batch norm whose gamma starts at 0; they start at 0
    themselves, so what is made of an image does not depend on its batch. And the channels are weighed by the mean
    alone, as in the paper, where the code adds the maximum.

    Args:
        in_channels: C of both sides.
        reduction: By what the hidden layer of the MLP is smaller than C.
    """

    def __init__(self, in_channels: int, reduction: int = 16) -> None:
        zero = [dict(type='Constant', name=name, val=0) for name in ('to_image', 'to_reference')]
        super().__init__(
            init_cfg=dict(type='Xavier', layer=['Conv2d', 'Linear'], distribution='uniform', override=zero)
        )
        inner, hidden = in_channels // 2, max(in_channels // reduction, 1)
        self.g = nn.Conv2d(in_channels, inner, 1)
        self.theta = nn.Conv2d(in_channels, inner, 1)
        self.phi = nn.Conv2d(in_channels, inner, 1)
        # Q and W of the code.
        self.to_image = nn.Conv2d(inner, in_channels, 1)
        self.to_reference = nn.Conv2d(inner, in_channels, 1)
        self.mlp = nn.Sequential(nn.Linear(in_channels, hidden), nn.ReLU(), nn.Linear(hidden, in_channels))

    def forward(self, image: Tensor, reference: Tensor, coverage: Tensor) -> tuple[Tensor, Tensor]:
        """Excite the image.

        Args:
            image: (E, C, H, W), or (1, C, H, W) for E references to one image.
            reference: (E, C, s, s).
            coverage: (E, 1, s, s), how much each position of the reference counts, 0 to 1; all alike in the paper.

        Returns:
            tuple: The image (E, C, H, W), and the weights of the channels (E, C, 1, 1), 0 to 1.
        """
        weights = coverage / coverage.sum(dim=(2, 3), keepdim=True).clamp(min=EPS)
        keys, ref_keys = self.phi(image), self.theta(reference)
        of_image = _relate(self.g(image) / (image.shape[-2] * image.shape[-1]), keys)
        of_reference = _relate(self.g(reference) * weights, ref_keys)
        reference = reference + self.to_reference(_apply(of_image, ref_keys))
        channels = torch.sigmoid(self.mlp((reference * weights).sum(dim=(2, 3))))[..., None, None]
        return (image + self.to_image(_apply(of_reference, keys))) * channels, channels


def _relate(values: Tensor, keys: Tensor) -> Tensor:
    """Sum over positions of values (E, D, h, w) times keys, transposed: (E, D, D)."""
    return values.flatten(2) @ keys.flatten(2).transpose(1, 2)


def _apply(relation: Tensor, keys: Tensor) -> Tensor:
    """Multiply the keys (E or 1, D, h, w) of one side with what the other's positions gave (E or 1, D, D)."""
    return (relation @ keys.flatten(2)).unflatten(-1, keys.shape[-2:])
