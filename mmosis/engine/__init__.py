from mmosis.compat import prepare

prepare()

from .atomic_backend import AtomicLocalBackend
from .checkpoint_files import find_damage, newest_valid_checkpoint
from .hooks import (
    AtomicCheckpointHook,
    CheckFiniteHook,
    ExactResumeHook,
    HeadsFirstHook,
    OneShotVisualizationHook,
    ProgressBarHook,
)
from .optimizers import BFloat16OptimWrapper
from .strict_runner import StrictRunner

__all__ = [
    'AtomicCheckpointHook',
    'AtomicLocalBackend',
    'BFloat16OptimWrapper',
    'CheckFiniteHook',
    'ExactResumeHook',
    'HeadsFirstHook',
    'OneShotVisualizationHook',
    'ProgressBarHook',
    'StrictRunner',
    'find_damage',
    'newest_valid_checkpoint',
]
