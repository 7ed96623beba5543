"""Make the host fit to use as soon as it is imported, and not before: it takes seconds, and a light search needs none.

In this order: versions are checked, idle notices are left out, imports that can wait are put off, MMEngine learns that
there are configs at ``mmosis::``, its checkpoint loaders are replaced by safe ones, and mmcv's compiled ops get a
stand-in where they are missing.
"""

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

from . import deferred, notices
from .versions import check_host

HOST = 'mmengine'  # mmcv and mmdet import it before anything else


def fit_when_imported() -> None:
    """Fit the host: now if it is imported already, else when it is.

    Raises:
        ImportError: If mmosis cannot run on it, then or now.
    """
    if sys.modules.get(HOST) is not None:
        _prepare()
        _fit()
    else:
        sys.meta_path.insert(0, _Watch())


class _Watch(MetaPathFinder):
    """Sees the host being looked for, once."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != HOST:
            return None
        _prepare()  # what it refuses stays refused
        sys.meta_path.remove(self)
        spec = find_spec(HOST)
        spec.loader = _ThenFit(spec.loader)
        return spec


class _ThenFit(Loader):
    """Loads the host as its own loader does, and fits it."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__.loader = module.__loader__ = self.loader
        self.loader.exec_module(module)
        _fit()


def _prepare() -> None:
    """What comes before the host is imported."""
    check_host()
    notices.leave_out_warnings()
    deferred.install()


def _fit() -> None:
    from mmengine.config.utils import MODULE2PACKAGE

    from . import checkpoint, ops

    # For configs that inherit 'mmosis::...'. MMEngine looks beside this module for .mim; by the name of the
    # distribution, 0.10.7 would not find an editable install.
    MODULE2PACKAGE['mmosis'] = 'mmosis.registry'
    deferred.enter_late()
    notices.leave_out_lines()
    checkpoint.register_safe_loaders()
    ops.install()
