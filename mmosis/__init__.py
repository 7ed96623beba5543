"""mmosis: one-shot instance segmentation for MMDetection (Siamese Mask R-CNN, arXiv:1811.11507).

Importing the package makes the host fit to use, in this order: its versions are checked, its idle notices are left out,
mmcv's compiled ops get a stand-in where they are missing, MMEngine's checkpoint loaders are replaced by safe ones, and
MMEngine learns of the configs at ``mmosis::``. It registers no component: configs do that by ``custom_imports``.
"""

from mmosis.compat import notices
from mmosis.compat.versions import check_host

check_host()
notices.install()

from mmengine.config.utils import MODULE2PACKAGE  # noqa: E402

from mmosis.compat import checkpoint, ops  # noqa: E402
from mmosis.version import __version__  # noqa: E402

ops.install()
checkpoint.register_safe_loaders()
# For configs that inherit 'mmosis::...'. MMEngine looks beside this module for .mim; by the name of the distribution,
# 0.10.7 would not find an editable install.
MODULE2PACKAGE['mmosis'] = 'mmosis.registry'

__all__ = ['__version__']
