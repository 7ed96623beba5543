from .heads_first_hook import HeadsFirstHook
from .progress_bar_hook import ProgressBarHook

__all__ = ['HeadsFirstHook', 'ProgressBarHook']
