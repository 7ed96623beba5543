from .atomic_checkpoint_hook import AtomicCheckpointHook
from .check_finite_hook import CheckFiniteHook
from .exact_resume_hook import ExactResumeHook
from .heads_first_hook import HeadsFirstHook
from .one_shot_visualization_hook import OneShotVisualizationHook
from .progress_bar_hook import ProgressBarHook

__all__ = [
    'AtomicCheckpointHook',
    'CheckFiniteHook',
    'ExactResumeHook',
    'HeadsFirstHook',
    'OneShotVisualizationHook',
    'ProgressBarHook',
]
