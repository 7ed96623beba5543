"""What a data set keeps for each image and object is in arrays, which forked workers have in common.

A Python object is written to whenever it is read, so that each worker would soon have a copy of its own.
"""

import gc
from collections.abc import Callable
from types import FunctionType, ModuleType

import pytest

COPIES = 5


def _count_objects(root: object) -> int:
    """Count the Python objects that are held, however deep; an array is one."""
    seen, waiting = set(), [root]
    while waiting:
        found = waiting.pop()
        if id(found) not in seen and not isinstance(found, (type, ModuleType, FunctionType)):
            seen.add(id(found))
            waiting += gc.get_referents(found)
    return len(seen)


def _renumber(entry: dict, added: int) -> dict:
    """Give an image or an object another number."""
    return entry | {key: entry[key] + added for key in ('id', 'image_id') if key in entry}


@pytest.fixture
def copied(tiny_coco: Callable) -> Callable:
    """Write the tiny set so many times into one file."""

    def write(copies: int):
        def repeat(entries: list[dict]) -> list[dict]:
            return [_renumber(entry, 1000 * number) for number in range(copies) for entry in entries]

        return tiny_coco(images=repeat, annotations=repeat)

    return write


@pytest.mark.parametrize('with_masks', [False, True])
@pytest.mark.parametrize('sampler_type', ['ReferenceSampler', 'ShuffledReferenceSampler'])
def test_objects_held_do_not_grow_with_the_file(
    tiny_dataset: Callable, copied: Callable, sampler_type: str, with_masks: bool
) -> None:
    sampler = dict(type=sampler_type, with_masks=with_masks)
    # Two at least: the bus, which shows once in the tiny set, is searched for in both files then.
    small, large = (tiny_dataset(copied(copies), reference_sampler=sampler) for copies in (2, 2 + COPIES))
    assert len(large) == len(small) * (2 + COPIES) / 2
    for dataset in (small, large):
        for draw in range(len(dataset)):
            dataset.draw_episodes(draw)
    assert abs(_count_objects(large) - _count_objects(small)) < 10


def test_objects_in_lists_would_be_counted(tiny_dataset: Callable, copied: Callable) -> None:
    small, large = (tiny_dataset(copied(copies), serialize_data=False) for copies in (1, 1 + COPIES))
    assert _count_objects(large) - _count_objects(small) > 100
