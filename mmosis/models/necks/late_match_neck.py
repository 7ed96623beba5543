"""LateMatchNeck: proposals know nothing of the reference."""

from collections.abc import Sequence

import torch.nn.functional as F
from mmdet.registry import MODELS
from torch import Tensor, nn

from mmosis.structures import EncodedReferences, MatchedFeatures

from .relation_match_neck import RelationMatchNeck


@MODELS.register_module()
class LateMatchNeck(RelationMatchNeck):
    """Hand on the image alone, so that proposals are of anything; the RoI head's relation decides what matches.

    As in DE-ViT (arXiv 2309.12969), whose proposals come from an RPN that is trained on all base classes and sees no
    prototype. There it is a network of its own, trained before and frozen (its code, ``offline_proposal_generator``);
    here it shares backbone, pyramid and training. :class:`ClassAgnosticRPNHead` trains it on all objects.

    Per pyramid level l: output = conv1x1(P), with weights of its own and bias, as the paper's neck without its second
    half. The RoI head must compare (:class:`RelationRoIHead`): without it no reference would be heard at all.

    A masked reference is filled up with its object's mean where the object is not, so that the mean over its region is
    that over the mask: DE-ViT's prototypes are such means. Arguments are ``RelationMatchNeck``'s.
    """

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.convs = nn.ModuleList(nn.Conv2d(self.in_channels, conv.out_channels, 1) for conv in self.convs)

    def encode_references(self, ref_feats: Sequence[Tensor], masks: Tensor | None = None) -> EncodedReferences:
        """Keep L vectors (E, C), and a region (E, C, s, s); the arguments are ``AbsDiffMatchNeck``'s."""
        if masks is not None:
            ref_feats = [_filled_up(feat, masks) for feat in ref_feats]
        return super().encode_references(ref_feats)

    def forward(self, feats: Sequence[Tensor], references: EncodedReferences) -> MatchedFeatures:
        """Hand on the image once for each reference, without a copy; arguments and errors are ``AbsDiffMatchNeck``'s.

        Returns:
            MatchedFeatures: L levels, each (E, out_channels, H_l, W_l), the same for all references to one image.
        """
        self.check(feats, EncodedReferences(references.tensors[:-1]))
        levels = [conv(feat).expand(len(references), -1, -1, -1) for feat, conv in zip(feats, self.convs, strict=True)]
        return MatchedFeatures(levels, feats, references)


def _filled_up(feat: Tensor, masks: Tensor) -> Tensor:
    """Mix features (E, K, C, h_l, w_l) with their mean on masks (E, K, 1, h, w), by the share that is outside."""
    shares = F.adaptive_avg_pool2d(masks.flatten(0, 1), feat.shape[-2:]).unflatten(0, masks.shape[:2])
    mean = (feat * shares).sum(dim=(3, 4), keepdim=True) / shares.sum(dim=(3, 4), keepdim=True)
    return feat * shares + mean * (1 - shares)
