from .hooks import HeadsFirstHook, OneShotVisualizationHook, ProgressBarHook

__all__ = ['HeadsFirstHook', 'OneShotVisualizationHook', 'ProgressBarHook']
