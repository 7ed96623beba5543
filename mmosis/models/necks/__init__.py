from .abs_diff_match_neck import AbsDiffMatchNeck

__all__ = ['AbsDiffMatchNeck']
