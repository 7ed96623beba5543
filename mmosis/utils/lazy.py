"""Names of a package that are imported when they are used: torch, MMEngine and MMDetection take seconds."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(package: str, modules: Mapping[str, str]) -> Callable[[str], Any]:
    """Make a package's ``__getattr__`` (PEP 562).

    Args:
        package: Its ``__name__``.
        modules: For each name the module of the package that has it.

    Returns:
        Callable: Finds a name; AttributeError if the package has none such.
    """

    def find(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f'module {package!r} has no attribute {name!r}')
        return getattr(import_module(f'{package}.{modules[name]}'), name)

    return find
