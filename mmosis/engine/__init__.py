from .atomic_backend import AtomicLocalBackend
from .hooks import (
    AtomicCheckpointHook,
    CheckFiniteHook,
    ExactResumeHook,
    HeadsFirstHook,
    OneShotVisualizationHook,
    ProgressBarHook,
)
from .optimizers import BFloat16OptimWrapper
from .whole_checkpoints import find_damage, newest_whole_checkpoint

__all__ = [
    'AtomicCheckpointHook',
    'AtomicLocalBackend',
    'BFloat16OptimWrapper',
    'CheckFiniteHook',
    'ExactResumeHook',
    'HeadsFirstHook',
    'OneShotVisualizationHook',
    'ProgressBarHook',
    'find_damage',
    'newest_whole_checkpoint',
]
