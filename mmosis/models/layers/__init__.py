from .co_excitation import CoExcitation
from .cosine_linear import CosineLinear
from .fixed_stats_batch_norm import FixedStatsBatchNorm2d
from .pair_conv import PairConv2d
from .running_standardize import RunningStandardize
from .selective_attention import SelectiveAttention
from .semantic_comparison import SemanticComparison

__all__ = [
    'CoExcitation',
    'CosineLinear',
    'FixedStatsBatchNorm2d',
    'PairConv2d',
    'RunningStandardize',
    'SelectiveAttention',
    'SemanticComparison',
]
