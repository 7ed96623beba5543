from mmosis.compat import prepare

prepare()

from .one_shot_visualizer import OneShotLocalVisualizer

__all__ = ['OneShotLocalVisualizer']
