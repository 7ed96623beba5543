from .abs_diff_match_neck import AbsDiffMatchNeck
from .backbone_feature_fpn import BackboneFeatureFPN
from .base_match_neck import BaseMatchNeck
from .co_excitation_match_neck import CoExcitationMatchNeck
from .concat_match_neck import ConcatMatchNeck
from .cross_attention_match_neck import CrossAttentionMatchNeck
from .late_match_neck import LateMatchNeck
from .region_match_neck import RegionMatchNeck
from .relation_match_neck import RelationMatchNeck
from .semantic_match_neck import SemanticMatchNeck
from .vector_match_neck import VectorMatchNeck

__all__ = [
    'AbsDiffMatchNeck',
    'BackboneFeatureFPN',
    'BaseMatchNeck',
    'CoExcitationMatchNeck',
    'ConcatMatchNeck',
    'CrossAttentionMatchNeck',
    'LateMatchNeck',
    'RegionMatchNeck',
    'RelationMatchNeck',
    'SemanticMatchNeck',
    'VectorMatchNeck',
]
