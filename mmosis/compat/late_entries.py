"""LateEntries: a registry's classes, some of which are imported when they are asked for."""

from collections.abc import ItemsView, Iterator, KeysView, Mapping
from importlib import import_module
from typing import Any


class LateEntries(dict):
    """The dict of a registry, in which classes of modules that wait are found, counted and listed.

    ``values()`` alone are of the classes that are there: with them MMEngine asks of what class an object is, and there
    is no object of a class that was not imported.

    Args:
        entries: What is registered.
        modules: For each name of a class the module that registers it.
    """

    def __init__(self, entries: Mapping[str, Any], modules: Mapping[str, str]) -> None:
        super().__init__(entries)
        self.modules = dict(modules)

    def enter(self, *names: str) -> None:
        """Import the modules of those of the names that wait."""
        for name in names:
            if name in self.modules:
                import_module(self.modules.pop(name))

    def __contains__(self, name: object) -> bool:
        self.enter(name)
        return super().__contains__(name)

    def __missing__(self, name: str) -> Any:
        if name not in self:
            raise KeyError(name)
        return self[name]

    def get(self, name: str, default: Any = None) -> Any:
        self.enter(name)
        return super().get(name, default)

    def __len__(self) -> int:
        self.enter(*self.modules)
        return super().__len__()

    def __iter__(self) -> Iterator[str]:
        self.enter(*self.modules)
        return super().__iter__()

    def keys(self) -> KeysView[str]:
        self.enter(*self.modules)
        return super().keys()

    def items(self) -> ItemsView[str, Any]:
        self.enter(*self.modules)
        return super().items()
