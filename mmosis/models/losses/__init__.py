from .ratio_preserving_loss import RatioPreservingLoss

__all__ = ['RatioPreservingLoss']
