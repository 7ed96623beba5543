"""mmosis: one-shot instance segmentation for MMDetection (Siamese Mask R-CNN, arXiv:1811.11507).

Importing the package has no effect on anything; those parts of it that use MMDetection call
:func:`mmosis.compat.prepare` first.
"""

from mmosis.version import __version__

__all__ = ['__version__']
