"""Who may import whom, as CONTRIBUTING.md says."""

import ast
from pathlib import Path

import pytest

import mmosis

PACKAGE = Path(mmosis.__file__).parent
APART = ('models', 'datasets', 'evaluation')


def imported(part: str) -> set[str]:
    """The parts of mmosis that modules of a part import, itself left out."""
    names = set()
    for path in (PACKAGE / part).rglob('*.py'):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module.split('.')[0] == 'mmosis':
                found = [node.module] if '.' in node.module else [f'mmosis.{alias.name}' for alias in node.names]
            elif isinstance(node, ast.Import):
                found = [alias.name for alias in node.names if alias.name.startswith('mmosis.')]
            else:
                found = []
            names.update(name.split('.')[1] for name in found)
    return names - {part}


@pytest.mark.parametrize('part', APART)
def test_models_datasets_and_evaluation_meet_in_the_config_alone(part: str) -> None:
    assert not imported(part) & {*APART, 'apis', 'search', 'web'}


def test_utils_import_nothing_of_ours() -> None:
    assert imported('utils') == set()


def test_structures_import_nothing_but_utils() -> None:
    assert imported('structures') <= {'utils'}
