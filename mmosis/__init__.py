"""mmosis: one-shot instance segmentation for MMDetection (Siamese Mask R-CNN, arXiv:1811.11507).

Importing the package costs nothing, and makes MMEngine, MMCV and MMDetection fit to use as soon as they are imported:
see :mod:`mmosis.compat.fit`. It registers no component: configs do that by ``custom_imports``.
"""

from mmosis.compat.fit import fit_when_imported
from mmosis.version import __version__

fit_when_imported()

__all__ = ['__version__']
