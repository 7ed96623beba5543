import pytest

from projects.scenes.omniglot import Character, hold_out_characters

CHARACTERS = [
    *(Character('Alpha', f'Alpha/character{n:02d}', ()) for n in range(1, 8)),
    *(Character('Beta', f'Beta/character{n:02d}', ()) for n in range(1, 6)),
]
NAMES = [character.name for character in CHARACTERS]


@pytest.mark.parametrize('split', [1, 2, 3, 4])
def test_every_fourth_is_held_out(split):
    background, one_shot = hold_out_characters(CHARACTERS, split=split)
    assert one_shot == NAMES[split - 1 :: 4]
    assert sorted(background + one_shot) == NAMES
    assert background == sorted(background)


def test_complete_alphabets_are_held_out():
    background, one_shot = hold_out_characters(CHARACTERS, ['Beta'])
    assert (background, one_shot) == (NAMES[:7], NAMES[7:])


def test_fewer_background_characters_are_spaced_evenly_and_nested():
    background, one_shot = hold_out_characters(CHARACTERS)
    three, few = hold_out_characters(CHARACTERS, num_background=3)
    assert three == [background[0], background[3], background[6]]
    assert few == one_shot, 'the one-shot characters stay'
    six, _ = hold_out_characters(CHARACTERS, num_background=6)
    assert set(three) < set(six) < set(background)
    assert hold_out_characters(CHARACTERS, num_background=9)[0] == background


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match='split must be 1, 2, 3 or 4'):
        hold_out_characters(CHARACTERS, split=5)
    with pytest.raises(ValueError, match="no alphabet 'Gamma' to hold out; there are Alpha, Beta"):
        hold_out_characters(CHARACTERS, ['Gamma'])
    with pytest.raises(ValueError, match='at least one alphabet must be left to train on'):
        hold_out_characters(CHARACTERS, ['Alpha', 'Beta'])
    for number in (0, 10):
        with pytest.raises(ValueError, match=f'num_background must lie between 1 and 9, got {number}'):
            hold_out_characters(CHARACTERS, num_background=number)
