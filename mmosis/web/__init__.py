"""The web page: search by example with the mouse. Needs the extra ``web`` as soon as it is used."""

from importlib import import_module
from typing import Any

from mmosis.utils.install import install_hint

_MODULES = dict(build_page='page', serve='server')

__all__ = ['build_page', 'serve']


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    try:
        module = import_module(f'{__name__}.{_MODULES[name]}')
    except ModuleNotFoundError as error:
        if error.name != 'gradio':
            raise
        raise ImportError(f'the web page needs gradio, which is not installed: {install_hint("web")}') from error
    return getattr(module, name)
