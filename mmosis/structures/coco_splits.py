"""The paper's four splits of a list of categories into background and one-shot ones."""

from collections.abc import Sequence

NUM_SPLITS = 4
PHASES = ('background', 'one-shot', 'all')


def split_categories(names: Sequence[str], split: int) -> tuple[list[str], list[str]]:
    """Split categories by the rule of the paper's Table 3: every fourth one is held out.

    Category number n (from 1, in the order of the annotation file) is a one-shot category of split S_i when
    n = 4k + i, and a background category otherwise. On COCO that gives 20 and 60.

    All names that are given take a place, with objects or without: a file to test on may lack what the training's
    shows, and both must be split alike. Categories that stand for no objects are none of an annotation file
    (:func:`~mmosis.utils.coco_file.load_coco`).

    Args:
        names: Category names in the order of the annotation file.
        split: 1, 2, 3 or 4.

    Returns:
        Names of the background and of the one-shot categories, both in file order.

    Raises:
        ValueError: If there is no such split.
    """
    if split not in range(1, NUM_SPLITS + 1):
        raise ValueError(f'split must be 1, 2, 3 or 4 (S1-S4 of the paper), got {split!r}')
    one_shot = list(names[split - 1 :: NUM_SPLITS])
    return [name for name in names if name not in set(one_shot)], one_shot
