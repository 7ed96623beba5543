from .formatting import PackOneShotInputs, PackReference
from .loading import LoadImage
from .reference import CropReference, LoadReferenceMask, ResizeReference
from .shared import SharedByEpisode
from .zoom import RandomZoom

__all__ = [
    'CropReference',
    'LoadImage',
    'LoadReferenceMask',
    'PackOneShotInputs',
    'PackReference',
    'RandomZoom',
    'ResizeReference',
    'SharedByEpisode',
]
