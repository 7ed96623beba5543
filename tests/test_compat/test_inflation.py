"""Checkpoints that would take far more memory than their files have bytes are refused before they do."""

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import mmengine  # noqa: F401, which fits the loaders
import pytest
import torch

from mmosis.compat.checkpoint import load_from_local, load_weights_file

MANY = 1_000_000


class Filled:
    """Its pickle is a call of bytearray."""

    def __reduce__(self) -> tuple:
        return bytearray, (MANY,)


def write(path: Path, value: object, compression: int, twice: bool = False) -> None:
    """Write a checkpoint with other entries: compressed ones, or each under a second name as well."""
    torch.save(value, path)
    with zipfile.ZipFile(path) as archive:
        entries = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    with zipfile.ZipFile(path, 'w', compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
        archive.filelist *= 1 + twice


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, str], None]:
    """Expect that a file is refused by its headers."""

    def refuse(path: Path, reason: str) -> None:
        monkeypatch.setattr(torch, 'load', lambda *_, **__: pytest.fail('it is loaded'))
        for load in (load_weights_file, load_from_local):
            with pytest.raises(ValueError, match=re.escape(f'{path} cannot be loaded ({reason}')):
                load(path)

    return refuse


@pytest.mark.parametrize('compression', [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compressed_entries(compression: int, refuse: Callable, tmp_path: Path) -> None:
    write(tmp_path / 'a.pth', dict(w=torch.zeros(MANY)), compression)
    assert (tmp_path / 'a.pth').stat().st_size < MANY / 50
    refuse(tmp_path / 'a.pth', 'ValueError: its entries are compressed, as torch never writes them')


@pytest.mark.filterwarnings('ignore:Duplicate name')
def test_entries_that_overlap(refuse: Callable, tmp_path: Path) -> None:
    write(tmp_path / 'a.pth', dict(w=torch.zeros(MANY)), zipfile.ZIP_STORED, twice=True)
    refuse(tmp_path / 'a.pth', 'ValueError: its entries claim 800')


def test_a_zip_file_that_is_none(refuse: Callable, tmp_path: Path) -> None:
    (tmp_path / 'a.pth').write_bytes(b'PK\x03\x04 and more')
    refuse(tmp_path / 'a.pth', 'BadZipFile: File is not a zip file')


@pytest.mark.parametrize('as_zip', [True, False])
def test_memory_that_is_filled_by_a_number(as_zip: bool, refuse: Callable, tmp_path: Path) -> None:
    torch.save(dict(w=Filled()), tmp_path / 'a.pth', _use_new_zipfile_serialization=as_zip)
    refuse(tmp_path / 'a.pth', 'ValueError: it holds a bytearray, as no checkpoint does')


@pytest.mark.parametrize(
    'tensor',
    [torch.zeros(1).expand(1000, 1000), torch.sparse_coo_tensor(torch.zeros(2, 1).long(), torch.ones(1), (1000, 1000))],
)
@pytest.mark.parametrize('as_zip', [True, False])
def test_tensors_that_claim_more_than_there_is(tensor: torch.Tensor, as_zip: bool, tmp_path: Path) -> None:
    path = tmp_path / 'a.pth'
    torch.save(dict(state_dict=[dict(w=tensor)]), path, _use_new_zipfile_serialization=as_zip)
    reason = f'a tensor claims 4000000 bytes, the file has {path.stat().st_size}'
    with pytest.raises(ValueError, match=re.escape(f'{path} cannot be loaded (ValueError: {reason}')):
        load_weights_file(path)


def test_a_storage_that_claims_more_than_there_is(tmp_path: Path) -> None:
    """Torch itself sees it, in either format."""
    for as_zip in (True, False):
        torch.save(dict(w=torch.zeros(4)), tmp_path / 'a.pth', _use_new_zipfile_serialization=as_zip)
        content = (tmp_path / 'a.pth').read_bytes()
        assert content.count(b'K\x04') > 1
        (tmp_path / 'a.pth').write_bytes(content.replace(b'K\x04', b'K\x7f'))
        with pytest.raises(ValueError, match='cannot be loaded'):
            load_weights_file(tmp_path / 'a.pth')


@pytest.mark.parametrize('as_zip', [True, False])
def test_others_are_loaded(as_zip: bool, tmp_path: Path) -> None:
    weight = torch.arange(6.0).view(2, 3)
    given = dict(meta=dict(epoch=1), state_dict=dict(a=weight, b=weight.T, c=weight[:1].expand(2, 3), d=torch.ones(())))
    torch.save(given, tmp_path / 'a.pth', _use_new_zipfile_serialization=as_zip)
    loaded = load_weights_file(tmp_path / 'a.pth')
    assert loaded['meta'] == dict(epoch=1)
    assert all(tensor.equal(given['state_dict'][name]) for name, tensor in loaded['state_dict'].items())
