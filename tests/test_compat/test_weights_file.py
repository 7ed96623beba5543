"""Checkpoints of weights alone."""

from pathlib import Path

import pytest
import torch

from mmosis.compat.checkpoint import load_weights_file
from mmosis.compat.weights_file import read_trained, write_weights
from mmosis.version import __version__


def test_it_is_read_as_plain_data(tmp_path: Path) -> None:
    write_weights(tmp_path / 'new' / 'a.pth', dict(weight=torch.arange(3.0)), dict(source='a.h5'))
    checkpoint = load_weights_file(tmp_path / 'new' / 'a.pth')
    assert checkpoint['meta'] == dict(source='a.h5', mmosis_version=__version__)
    assert checkpoint['state_dict']['weight'].tolist() == [0, 1, 2]


def test_without_a_place_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / 'file').touch()
    with pytest.raises(OSError, match=r'cannot write .*a\.pth'):
        write_weights(tmp_path / 'file' / 'a.pth', dict(weight=torch.zeros(1)))
    assert [path.name for path in tmp_path.iterdir()] == ['file']


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_weights(tmp_path / 'a.pth', dict(weight=torch.ones(2)))
    assert read_trained(tmp_path / 'a.pth')['state_dict']['weight'].tolist() == [1, 1]


@pytest.mark.parametrize('content', [[1], dict(meta={}), dict(state_dict=[1]), dict(state_dict={'a': 1})])
def test_what_has_no_weights_is_refused(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / 'a.pth')
    with pytest.raises(
        ValueError, match=r'a\.pth has no weights under state_dict; give a checkpoint of tools/train\.py'
    ):
        read_trained(tmp_path / 'a.pth')


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'there is no checkpoint file .*a\.pth'):
        read_trained(tmp_path / 'a.pth')
