"""Configs read top down: parts, what is put together of them, and single changes."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

CONFIGS = Path(__file__).resolve().parents[1] / 'configs'
NAMES = sorted(str(path.relative_to(CONFIGS)) for path in CONFIGS.glob('**/*.py'))
PARTS = [name for name in NAMES if name.startswith('_base_/')]
MAX_DEPTH = 4


def bases(name: str) -> Iterator[str]:
    """List the configs that a config names as its bases."""
    for node in ast.parse((CONFIGS / name).read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == '_base_':
            given = ast.literal_eval(node.value)
            for base in [given] if isinstance(given, str) else given:
                yield str((CONFIGS / name).parent.joinpath(base).resolve().relative_to(CONFIGS))


def depth(name: str) -> int:
    """Count the steps from a config to its deepest base."""
    return max((1 + depth(base) for base in bases(name)), default=0)


def test_bases_are_found_and_counted() -> None:
    assert list(bases('siamese_mask_rcnn_s1_5shot.py')) == ['siamese_mask_rcnn_s1.py']
    assert len(list(bases('_base_/siamese_mask_rcnn_coco.py'))) == 5
    assert depth('siamese_mask_rcnn_s1_5shot.py') == 3


@pytest.mark.parametrize('name', PARTS)
def test_a_part_inherits_parts_alone(name: str) -> None:
    assert set(bases(name)) <= set(PARTS)


@pytest.mark.parametrize('name', NAMES)
def test_nothing_inherits_an_ablation_but_its_baseline(name: str) -> None:
    ablations = {Path(base) for base in bases(name) if 'ablations' in Path(base).parts}
    assert ablations <= {Path(name).with_name('baseline.py')}


@pytest.mark.parametrize('name', NAMES)
def test_inheritance_is_shallow(name: str) -> None:
    assert depth(name) <= MAX_DEPTH


def test_every_part_is_used() -> None:
    assert {base for name in NAMES for base in bases(name)} >= set(PARTS)
