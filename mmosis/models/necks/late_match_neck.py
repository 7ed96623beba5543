"""LateMatchNeck: image features for class-agnostic proposals, with references for the RoI head."""

from collections.abc import Sequence

from mmdet.registry import MODELS
from torch import Tensor, nn

from mmosis.structures import EncodedReferences, MatchedFeatures

from .masked_mean import mask_coverage, masked_mean, mean_vectors
from .region_match_neck import RegionMatchNeck


@MODELS.register_module()
class LateMatchNeck(RegionMatchNeck):
    """Pass the image's features without matching, so that proposals are of any object; the RoI head's relation decides.

    As in DE-ViT (arXiv 2309.12969), whose proposals come from an RPN that is trained on all base classes and sees no
    prototype. There it is a network of its own, trained before and frozen (its code, ``offline_proposal_generator``);
    here it has the same backbone, pyramid and training. :class:`ClassAgnosticRPNHead` trains it on all objects.

    Per pyramid level l: output = conv1x1(P), with weights of its own and bias, as the paper's neck without its second
    half. The RoI head must compare (:class:`RelationRoIHead`): else references would have no effect.

    A masked reference is filled up with its object's mean where the object is not, so that the mean over its region is
    that over the mask: DE-ViT's prototypes are such means.

    Of a reference are kept: L ``vectors`` (C,), by which images are indexed, and its ``region`` (C, s, s). Arguments
    are ``RegionMatchNeck``'s.
    """

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.convs = self.make_convs(self.in_channels)

    @property
    def fields(self) -> dict[str, int | None]:
        return dict(vectors=self.num_levels, region=None)

    def encode_references(self, ref_feats: Sequence[Tensor], masks: Tensor | None = None) -> EncodedReferences:
        """Keep L vectors (E, C), and a region (E, C, s, s); the arguments are ``BaseMatchNeck``'s."""
        if masks is not None:
            ref_feats = [_filled_up(feat, masks) for feat in ref_feats]
        return EncodedReferences(vectors=mean_vectors(ref_feats, None), region=self.encode_region(ref_feats))

    def region_layers(self) -> dict[int, nn.Linear | None]:
        """All levels, whose vectors are compared as they are."""
        return dict.fromkeys(range(self.num_levels))

    def forward(self, feats: Sequence[Tensor], references: EncodedReferences) -> MatchedFeatures:
        """Repeat the image's features for each reference, without a copy; arguments and errors are ``BaseMatchNeck``'s.

        Returns:
            MatchedFeatures: L levels, each (E, out_channels, H_l, W_l), the same for all references to one image.
        """
        self.check_levels(feats, references['vectors'])
        levels = zip(self.convs, feats, strict=True)
        matched = tuple(conv(feat).expand(len(references), -1, -1, -1) for conv, feat in levels)
        return MatchedFeatures(matched, tuple(feats), references)


def _filled_up(feat: Tensor, masks: Tensor) -> Tensor:
    """Mix features (E, K, C, h_l, w_l) with their mean on masks (E, K, 1, h, w), by the fraction outside."""
    coverage = mask_coverage(feat, masks)
    return feat * coverage + masked_mean(feat, coverage)[..., None, None] * (1 - coverage)
