"""Which characters are held out of the training."""

from collections.abc import Sequence

from mmosis.structures import split_categories

from .characters import Character

FOURTH = 'fourth'


def hold_out_characters(
    characters: Sequence[Character],
    hold_out: Sequence[str] = (FOURTH,),
    split: int = 1,
    num_background: int | None = None,
) -> tuple[list[str], list[str]]:
    """Choose the background and the one-shot categories.

    Args:
        characters: All characters, in the order of the annotation file.
        hold_out: ``('fourth',)`` holds out every fourth character by the paper's rule, names of alphabets hold out
            all of theirs.
        split: 1 to 4, with ``fourth``: which ones.
        num_background: So many background characters, evenly spaced among all of them. A number that divides another
            one gives a subset of the other's characters.

    Returns:
        Names of the background and of the one-shot categories, both in file order. With ``num_background``, what is
        in neither is not used in the training.

    Raises:
        ValueError: If there is no such split, alphabet or number, or nothing is left to train on.
    """
    if list(hold_out) == [FOURTH]:
        background, one_shot = split_categories([character.name for character in characters], split)
    else:
        background, one_shot = _split_alphabets(characters, hold_out)
    if num_background is None:
        return background, one_shot
    if not 1 <= num_background <= len(background):
        raise ValueError(f'num_background must lie between 1 and {len(background)}, got {num_background}')
    return [background[i * len(background) // num_background] for i in range(num_background)], one_shot


def _split_alphabets(characters: Sequence[Character], hold_out: Sequence[str]) -> tuple[list[str], list[str]]:
    alphabets = sorted({character.alphabet for character in characters})
    for alphabet in hold_out:
        if alphabet not in alphabets:
            raise ValueError(f'there is no alphabet {alphabet!r} to hold out; there are {", ".join(alphabets)}')
    if set(hold_out) == set(alphabets):
        raise ValueError(f'at least one alphabet must be left to train on, got all of {", ".join(alphabets)} held out')
    one_shot = [character.name for character in characters if character.alphabet in hold_out]
    return [character.name for character in characters if character.alphabet not in hold_out], one_shot
