from .formatting import PackOneShotInputs, PackReference
from .loading import LoadImage
from .reference import CropReference, LoadReferenceMask, ResizeReference
from .shared import SharedByEpisode
from .stored import LoadStoredReference

__all__ = [
    'CropReference',
    'LoadImage',
    'LoadReferenceMask',
    'LoadStoredReference',
    'PackOneShotInputs',
    'PackReference',
    'ResizeReference',
    'SharedByEpisode',
]
