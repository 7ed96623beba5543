"""A module whose imports are put off does what it does with them at its top."""

import ast
import sys
from types import ModuleType

import pytest

from mmosis.compat.deferred import Late
from mmosis.compat.late_imports import LATE, put_off

AT_TOP = """
from __future__ import annotations
import wave
import xml.dom.minidom as dom, xml.sax
from colorsys import hsv_to_rgb, rgb_to_hsv as back
try:
    import no_such_package
    from no_such_package.part import thing
except ImportError:
    no_such_package = thing = None

def to_rgb(hue):
    return hsv_to_rgb(hue, 1, 1)

class Writer:
    def parse(self, text):
        return [dom.parseString(text) for _ in range(1)][0]
    async def handler(self):
        return xml.sax.ContentHandler
    def there(self):
        return no_such_package is not None
"""
TARGETS = ('colorsys', 'xml', 'no_such_package')


def run(source: str, *targets: str) -> ModuleType:
    """Run a module as the loader does."""
    module = ModuleType('late_example')
    late = Late(module)
    vars(module).update({LATE: late, '__getattr__': late.of_module})
    exec(compile(put_off(source, targets, 'example'), 'example.py', 'exec'), vars(module))
    return module


@pytest.fixture
def _unimported(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split('.')[0] in ('colorsys', 'xml')]:
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.usefixtures('_unimported')
def test_a_name_is_imported_when_it_is_used() -> None:
    module = run(AT_TOP, *TARGETS)
    assert 'wave' in vars(module)
    assert not {'dom', 'xml', 'hsv_to_rgb', 'back'} & vars(module).keys()
    assert not {'colorsys', 'xml', 'xml.sax'} & sys.modules.keys()
    assert module.to_rgb(0) == (1, 0, 0)
    assert vars(module)['hsv_to_rgb'] is sys.modules['colorsys'].hsv_to_rgb
    assert 'xml' not in sys.modules
    assert module.Writer().parse('<a/>').documentElement.tagName == 'a'


def test_others_find_the_name_in_the_module() -> None:
    module = run(AT_TOP, *TARGETS)
    assert module.back(1, 0, 0) == (0, 1, 1)
    assert module.xml.sax.ContentHandler


def test_a_name_that_was_set_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    module = run(AT_TOP, *TARGETS)
    monkeypatch.setattr(module, 'hsv_to_rgb', lambda *args: args)
    assert module.to_rgb(0) == (0, 1, 1)


def test_a_package_that_is_not_installed_is_missed_at_once() -> None:
    assert not run(AT_TOP, *TARGETS).Writer().there()
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'no_such_package'$"):
        run('import no_such_package.part\ndef use(): return no_such_package', 'no_such_package')


def test_a_name_that_there_is_not() -> None:
    module = run('if False:\n    import colorsys\ndef use(): return colorsys', 'colorsys')
    with pytest.raises(AttributeError, match=r"^module 'late_example' has no attribute 'nothing'$"):
        _ = module.nothing
    with pytest.raises(NameError, match=r"^name 'colorsys' is not defined$"):
        module.use()


@pytest.mark.parametrize(
    'rest',
    [
        'class Part(colorsys): pass',
        '@colorsys.cache\ndef use(): pass',
        'def use(arg: colorsys = 1): pass',
        'def use(arg=colorsys): return arg',
        'use = lambda: colorsys',
        'def use(colorsys): return colorsys',
        'def use():\n    import wave as colorsys\n    return colorsys',
        'def use():\n    global colorsys\n    colorsys = 1',
        'def use(): return [colorsys for colorsys in ()]',
    ],
)
def test_what_is_used_at_once_or_means_something_else_stays(rest: str) -> None:
    source = f'import colorsys\n{rest}'
    assert ast.unparse(put_off(source, ['colorsys'])) == ast.unparse(ast.parse(source))


@pytest.mark.parametrize('line', ['from colorsys import *', 'import colorsys, wave', 'import colorsysx', 'colorsys'])
def test_other_statements_stay(line: str) -> None:
    assert ast.unparse(put_off(line, ['colorsys'])) == line


def test_relative_imports_and_single_names() -> None:
    source = 'from .parts import one\nfrom .parts import two\nfrom . import three'
    after = ast.unparse(put_off(source, ['host.parts.one', 'host.three'], 'host')).splitlines()
    assert after == [
        "__late__.instead_of('host', {'one': 'from .parts import one'})",
        'from .parts import two',
        "__late__.instead_of('host', {'three': 'from . import three'})",
    ]


def test_lines_are_where_they_were() -> None:
    module = run(AT_TOP, *TARGETS)
    assert module.to_rgb.__code__.co_firstlineno == AT_TOP.splitlines().index('def to_rgb(hue):') + 1
