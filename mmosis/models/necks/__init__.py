from .abs_diff_match_neck import AbsDiffMatchNeck
from .co_excitation_match_neck import CoExcitationMatchNeck
from .concat_match_neck import ConcatMatchNeck
from .cross_attention_match_neck import CrossAttentionMatchNeck
from .kind_fpn import KindFPN
from .kind_match_neck import KindMatchNeck
from .late_match_neck import LateMatchNeck
from .relation_match_neck import RelationMatchNeck

__all__ = [
    'AbsDiffMatchNeck',
    'CoExcitationMatchNeck',
    'ConcatMatchNeck',
    'CrossAttentionMatchNeck',
    'KindFPN',
    'KindMatchNeck',
    'LateMatchNeck',
    'RelationMatchNeck',
]
