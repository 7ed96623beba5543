from .formatting import PackOneShotInputs, PackReference
from .loading import LoadImage
from .reference import CropReference, LoadReferenceMask, ResizeReference
from .shared import SharedByEpisode

__all__ = [
    'CropReference',
    'LoadImage',
    'LoadReferenceMask',
    'PackOneShotInputs',
    'PackReference',
    'ResizeReference',
    'SharedByEpisode',
]
