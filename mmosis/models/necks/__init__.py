from .abs_diff_match_neck import AbsDiffMatchNeck
from .concat_match_neck import ConcatMatchNeck
from .relation_match_neck import RelationMatchNeck

__all__ = ['AbsDiffMatchNeck', 'ConcatMatchNeck', 'RelationMatchNeck']
