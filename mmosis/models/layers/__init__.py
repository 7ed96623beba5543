from .co_excitation import CoExcitation
from .cosine_linear import CosineLinear
from .fixed_stats_batch_norm import FixedStatsBatchNorm2d
from .kind_comparison import KindComparison
from .pair_conv import PairConv2d
from .running_standardize import RunningStandardize
from .selective_attention import SelectiveAttention

__all__ = [
    'CoExcitation',
    'CosineLinear',
    'FixedStatsBatchNorm2d',
    'KindComparison',
    'PairConv2d',
    'RunningStandardize',
    'SelectiveAttention',
]
