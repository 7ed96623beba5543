from .abs_diff_match_neck import AbsDiffMatchNeck
from .concat_match_neck import ConcatMatchNeck

__all__ = ['AbsDiffMatchNeck', 'ConcatMatchNeck']
