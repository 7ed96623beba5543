from .heads_first_hook import HeadsFirstHook
from .one_shot_visualization_hook import OneShotVisualizationHook
from .progress_bar_hook import ProgressBarHook

__all__ = ['HeadsFirstHook', 'OneShotVisualizationHook', 'ProgressBarHook']
