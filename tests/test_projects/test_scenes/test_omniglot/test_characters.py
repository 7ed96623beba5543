import zipfile

import cv2
import numpy as np
import pytest

from projects.scenes.omniglot import read_characters
from projects.scenes.omniglot.characters import decode_drawing


def test_characters_come_by_alphabet_and_number_with_their_drawings_by_drawer(make_zip):
    given = {}

    def keep(name, drawer, png):
        given[name, drawer] = png
        return png

    characters = read_characters([make_zip('b.zip', {'Beta': 2}, keep), make_zip('a.zip', {'Alpha': 11}, keep)])
    names = [*(f'Alpha/character{number:02d}' for number in range(1, 12)), 'Beta/character01', 'Beta/character02']
    assert [character.name for character in characters] == names
    assert [character.alphabet for character in characters] == ['Alpha'] * 11 + ['Beta'] * 2
    for character in characters:
        assert character.drawings == tuple(given[character.name, drawer] for drawer in range(1, 21))


def test_a_character_in_two_files_counts_once(make_zip):
    first = make_zip('a.zip', {'Alpha': 2, 'Beta': 1})
    second = make_zip('b.zip', {'Beta': 1, 'Gamma': 1})
    both = read_characters([first, second])
    assert [character.alphabet for character in both] == ['Alpha', 'Alpha', 'Beta', 'Gamma']


def test_a_drawing_is_its_dark_pixels():
    image = np.full((105, 105), 255, np.uint8)
    image[40:50, 20:60] = 0
    np.testing.assert_array_equal(decode_drawing(cv2.imencode('.png', image)[1].tobytes()), image == 0)


def test_what_is_no_drawing_is_refused():
    for png in (b'no image', b''):
        with pytest.raises(ValueError, match=f'a drawing is not a readable image: {len(png)} bytes'):
            decode_drawing(png)
    with pytest.raises(ValueError, match='must have dark ink on white, got a blank one'):
        decode_drawing(cv2.imencode('.png', np.full((105, 105), 255, np.uint8))[1].tobytes())


def test_bad_files_are_refused(make_zip, tmp_path):
    with pytest.raises(FileNotFoundError, match=r'missing.zip does not exist; expected a zip file of Omniglot'):
        read_characters([tmp_path / 'missing.zip'])
    (tmp_path / 'text.zip').write_text('no zip')
    with pytest.raises(ValueError, match=r'text.zip is not a readable zip file'):
        read_characters([tmp_path / 'text.zip'])
    zipfile.ZipFile(tmp_path / 'other.zip', 'w').close()
    with pytest.raises(ValueError, match=r'other.zip has no drawings; expected .../Alphabet/character01'):
        read_characters([tmp_path / 'other.zip'])
    short = make_zip('short.zip', {'Alpha': 1}, lambda name, drawer, png: png if drawer < 20 else None)
    with pytest.raises(ValueError, match=r'Alpha/character01 must have drawings of drawers 1 to 20, got .*18, 19]'):
        read_characters([short])
