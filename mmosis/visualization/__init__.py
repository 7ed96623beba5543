from mmosis.utils.lazy import lazy_names

__all__ = ['OneShotLocalVisualizer']

__getattr__ = lazy_names(__name__, dict(OneShotLocalVisualizer='one_shot_visualizer'))
