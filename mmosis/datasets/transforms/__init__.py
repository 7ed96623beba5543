from .formatting import PackOneShotInputs, PackReference
from .loading import LoadImage
from .reference import CropReference, ResizeReference

__all__ = ['CropReference', 'LoadImage', 'PackOneShotInputs', 'PackReference', 'ResizeReference']
