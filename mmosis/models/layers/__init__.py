from .fixed_stats_batch_norm import FixedStatsBatchNorm2d

__all__ = ['FixedStatsBatchNorm2d']
