"""Classes of a registry that are imported when they are asked for."""

import sys
from collections.abc import Callable

import pytest
from mmengine.registry import Registry

from mmosis.compat.late_entries import LateEntries


@pytest.fixture
def parts(tmp_path, monkeypatch) -> Registry:
    """A registry with a class that is there and one that waits in a module."""
    registry = Registry('part')
    registry.register_module(name='There', module=dict)
    (tmp_path / 'late_part.py').write_text('from late_parts import PARTS\n@PARTS.register_module()\nclass Late: pass\n')
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, 'late_parts', type('late_parts', (), dict(PARTS=registry)))
    monkeypatch.delitem(sys.modules, 'late_part', raising=False)
    registry._module_dict = LateEntries(registry._module_dict, dict(Late='late_part'))
    yield registry
    sys.modules.pop('late_part', None)


def test_what_does_not_ask_for_the_class(parts: Registry) -> None:
    assert parts.get('There') is dict
    assert list(parts.module_dict.values()) == [dict]
    assert 'late_part' not in sys.modules


@pytest.mark.parametrize(
    'ask',
    [
        lambda parts: parts.get('Late'),
        lambda parts: type(parts.build(dict(type='Late'))),
        lambda parts: parts.module_dict['Late'],
        lambda parts: parts.module_dict.get('Late'),
        lambda parts: dict(parts.module_dict)['Late'],
        lambda parts: dict(parts.module_dict.items())['Late'],
        lambda parts: {name: parts.module_dict[name] for name in parts.module_dict}['Late'],
        lambda parts: dict(zip(parts.module_dict.keys(), parts.module_dict.values(), strict=True))['Late'],
        lambda parts: len(parts) == 2 and list(parts.module_dict.values())[1],
    ],
)
def test_the_class_is_found(parts: Registry, ask: Callable[[Registry], type]) -> None:
    assert ask(parts) is sys.modules['late_part'].Late


def test_the_class_is_found_from_a_child(parts: Registry) -> None:
    assert Registry('part', parent=parts, scope='child').get('Late').__name__ == 'Late'


def test_a_class_that_there_is_not(parts: Registry) -> None:
    assert 'Other' not in parts
    assert parts.module_dict.get('Other', 1) == 1
    with pytest.raises(KeyError, match=r"^'Other'$"):
        _ = parts.module_dict['Other']
