from .hooks import HeadsFirstHook, OneShotVisualizationHook, ProgressBarHook
from .optimizers import BFloat16OptimWrapper

__all__ = ['BFloat16OptimWrapper', 'HeadsFirstHook', 'OneShotVisualizationHook', 'ProgressBarHook']
