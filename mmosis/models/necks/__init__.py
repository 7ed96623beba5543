from .abs_diff_match_neck import AbsDiffMatchNeck
from .base_match_neck import BaseMatchNeck
from .co_excitation_match_neck import CoExcitationMatchNeck
from .concat_match_neck import ConcatMatchNeck
from .cross_attention_match_neck import CrossAttentionMatchNeck
from .kind_fpn import KindFPN
from .kind_match_neck import KindMatchNeck
from .late_match_neck import LateMatchNeck
from .region_match_neck import RegionMatchNeck
from .relation_match_neck import RelationMatchNeck
from .vector_match_neck import VectorMatchNeck

__all__ = [
    'AbsDiffMatchNeck',
    'BaseMatchNeck',
    'CoExcitationMatchNeck',
    'ConcatMatchNeck',
    'CrossAttentionMatchNeck',
    'KindFPN',
    'KindMatchNeck',
    'LateMatchNeck',
    'RegionMatchNeck',
    'RelationMatchNeck',
    'VectorMatchNeck',
]
