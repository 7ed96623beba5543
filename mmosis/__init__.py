"""mmosis: one-shot instance segmentation for MMDetection (Siamese Mask R-CNN, arXiv:1811.11507).

Importing the package makes the host fit to use, in this order: its versions are checked, mmcv's compiled ops get a
stand-in where they are missing, and MMEngine's checkpoint loaders are replaced by safe ones. It registers no component:
configs do that by ``custom_imports``.
"""

from mmosis.compat.versions import check_host

check_host()

from mmosis.compat import checkpoint, ops  # noqa: E402
from mmosis.version import __version__  # noqa: E402

ops.install()
checkpoint.register_safe_loaders()

__all__ = ['__version__']
