from .formatting import PackOneShotInputs, PackReference
from .loading import LoadImage
from .reference import CropReference, LoadReferenceMask, ResizeReference
from .shared import SharedByEpisode
from .stored import LoadStoredReference
from .zoom import RandomZoom

__all__ = [
    'CropReference',
    'LoadImage',
    'LoadReferenceMask',
    'LoadStoredReference',
    'PackOneShotInputs',
    'PackReference',
    'RandomZoom',
    'ResizeReference',
    'SharedByEpisode',
]
