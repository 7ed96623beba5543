from .formatting import PackOneShotInputs, PackReference
from .loading import LoadImage
from .reference import CropReference, LoadReferenceMask, ResizeReference

__all__ = ['CropReference', 'LoadImage', 'LoadReferenceMask', 'PackOneShotInputs', 'PackReference', 'ResizeReference']
