from .hooks import HeadsFirstHook, ProgressBarHook

__all__ = ['HeadsFirstHook', 'ProgressBarHook']
