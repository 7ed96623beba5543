"""prepare: what MMEngine, MMCV and MMDetection need before our components use them."""

from functools import cache

from .versions import check_versions


@cache
def prepare() -> None:
    """Check the installed versions, and add to MMEngine and MMCV what they lack.

    Packages of mmosis that import MMDetection call it first; further calls do nothing. For the rest of the process:

    - Where MMCV was installed without compiled ops, ``mmcv._ext`` is the stand-in of :mod:`mmosis.compat.ops`.
    - MMEngine finds configs of this package by ``mmosis::``, as in ``_base_ = 'mmosis::demo/...'``.

    Raises:
        ImportError: If mmosis cannot run on the installed versions; says what to install.
    """
    check_versions()
    from mmengine.config.utils import MODULE2PACKAGE

    from .ops import install

    # MMEngine looks for .mim beside this module. By the distribution's name, 0.10.7 would not find an editable install.
    MODULE2PACKAGE['mmosis'] = 'mmosis.registry'
    install()
