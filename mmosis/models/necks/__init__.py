from .abs_diff_match_neck import AbsDiffMatchNeck
from .concat_match_neck import ConcatMatchNeck
from .cross_attention_match_neck import CrossAttentionMatchNeck
from .kind_fpn import KindFPN
from .kind_match_neck import KindMatchNeck
from .relation_match_neck import RelationMatchNeck

__all__ = [
    'AbsDiffMatchNeck',
    'ConcatMatchNeck',
    'CrossAttentionMatchNeck',
    'KindFPN',
    'KindMatchNeck',
    'RelationMatchNeck',
]
