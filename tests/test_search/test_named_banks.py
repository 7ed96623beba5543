"""NamedBanks: in a folder and in memory alike."""

from pathlib import Path

import numpy as np
import pytest

from mmosis.search import BankEntry, ReferenceBank
from mmosis.search import named_banks as module
from mmosis.search.named_banks import NamedBanks, NoSuchBank


def make_bank(*entries: tuple[str, str] | tuple[str, str, bool], fingerprint: str = 'model') -> ReferenceBank:
    """Make a bank of entries: name, origin, and whether it is negative."""
    described = [BankEntry(name, negative=bool(rest), origin=origin) for name, origin, *rest in entries]
    thumbnails = [np.zeros((8, 8, 3), np.uint8)] * len(entries)
    encoded = np.arange(len(entries), dtype=np.float32)[:, None]
    return ReferenceBank(described, thumbnails, [encoded], fingerprint)


@pytest.fixture(params=['folder', 'memory'])
def banks(request: pytest.FixtureRequest, tmp_path: Path) -> NamedBanks:
    return NamedBanks(tmp_path / 'banks' if request.param == 'folder' else None)


def test_banks_are_kept_by_name(banks: NamedBanks) -> None:
    assert banks.names() == []
    banks.save('mugs and cups', make_bank(('mug', 'a'), ('cup', 'b')))
    banks.save('Äpfel_2.1-b', make_bank(('apple', 'a')))
    banks.save('mugs and cups', make_bank(('mug', 'c')))
    assert banks.names() == ['mugs and cups', 'Äpfel_2.1-b']
    assert banks.load('mugs and cups').entries[0].origin == 'c'
    banks.remove('mugs and cups')
    assert banks.names() == ['Äpfel_2.1-b']


def test_another_process_finds_them(tmp_path: Path) -> None:
    NamedBanks(tmp_path).save('mugs', make_bank(('mug', 'a')))
    (tmp_path / '.hidden.safetensors').touch()
    (tmp_path / 'other.txt').touch()
    assert NamedBanks(tmp_path).names() == ['mugs']
    assert ReferenceBank.load(tmp_path / 'mugs.safetensors').names == ['mug']


def test_unknown_names(banks: NamedBanks) -> None:
    for use in (banks.load, banks.remove):
        with pytest.raises(NoSuchBank, match="there is no bank 'x'; there is none yet"):
            use('x')
    banks.save('mugs', make_bank(('mug', 'a')))
    banks.save('cups', make_bank(('cup', 'a')))
    for use in (banks.load, banks.remove):
        for name in ('x', '../mugs', '', '.', '\0'):
            with pytest.raises(ValueError, match=r"there is no bank .*; there is 'cups', 'mugs'"):
                use(name)


@pytest.mark.parametrize(
    'name', ['', '.', '..', '.mugs', 'a/b', '../a', 'a\\b', 'a\0', 'a\n', ' a', 'a ', 'a.', 61 * 'ä', 'a:b']
)
def test_names_that_cannot_be_files_are_refused(banks: NamedBanks, name: str) -> None:
    with pytest.raises(ValueError, match='the name of a bank has up to 60 letters, digits, spaces, dots and dashes'):
        banks.save(name, make_bank(('mug', 'a')))
    assert banks.names() == []


def test_longest_name(banks: NamedBanks) -> None:
    banks.save(60 * 'ä', make_bank(('mug', 'a')))
    assert banks.names() == [60 * 'ä']


def test_there_may_be_so_many(banks: NamedBanks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, 'MAX_BANKS', 2)
    for name in 'aba':
        banks.save(name, make_bank(('mug', 'a')))
    with pytest.raises(ValueError, match='there are 2 banks, and there may be 2; remove one first'):
        banks.save('c', make_bank(('mug', 'a')))


def origins(banks: NamedBanks, name: str = 'x') -> list[str]:
    return [entry.origin for entry in banks.load(name).entries]


def test_references_of_an_origin_are_replaced(banks: NamedBanks) -> None:
    banks.replace('x', 'task 1:', None)
    assert banks.names() == []
    banks.replace('x', 'task 1:', make_bank(('mug', 'task 1:a'), ('cup', 'task 1:b')))
    banks.replace('x', 'task 2:', make_bank(('mug', 'task 2:a')))
    banks.replace('x', 'task 1:', make_bank(('mug', 'task 1:c')))
    assert origins(banks) == ['task 2:a', 'task 1:c']
    assert banks.load('x').encoded[0].tolist() == [[0], [0]]
    banks.replace('x', 'task 2:', None)
    assert origins(banks) == ['task 1:c']
    with pytest.raises(ValueError, match='encoded by another model'):
        banks.replace('x', 'task 3:', make_bank(('mug', 'task 3:a'), fingerprint='other'))
    banks.replace('x', 'task 1:', None)
    assert banks.names() == []


def test_negative_references_outlast_what_is_replaced(banks: NamedBanks) -> None:
    banks.save('x', make_bank(('mug', 'task 1:a'), ('cup', 'task 2:a', True)))
    banks.replace('x', 'task 1:', make_bank(('mug', 'task 1:b')))
    assert origins(banks) == ['task 2:a', 'task 1:b']
    banks.replace('x', 'task 1:', None)  # nothing to search for is left
    assert banks.names() == []
