"""The server: an HTTP API of the search, and the page that uses it. Needs the extra ``web`` as soon as it is used."""

from importlib import import_module
from typing import Any

from mmosis.utils.install import install_hint

_MODULES = dict(make_app='app', serve='server')
_PACKAGES = ('starlette', 'uvicorn', 'python_multipart')

__all__ = ['make_app', 'serve']


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    try:
        import_module('python_multipart')  # which Starlette imports when the first form comes
        module = import_module(f'{__name__}.{_MODULES[name]}')
    except ModuleNotFoundError as error:
        package = error.name.partition('.')[0]
        if package not in _PACKAGES:
            raise
        raise ImportError(f'the server needs {package}, which is not installed: {install_hint("web")}') from error
    return getattr(module, name)
