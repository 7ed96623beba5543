"""tools/model_converters/publish_model.py: what is left of a checkpoint."""

from pathlib import Path

import pytest
import torch
from tools_runner import run

from mmosis.compat.checkpoint import load_weights_file

TOOL = 'tools/model_converters/publish_model.py'


def test_weights_in_half_precision_and_what_made_them_are_left(tmp_path: Path) -> None:
    weights = dict(weight=torch.rand(3), steps=torch.tensor(7))
    meta = dict(iter=5, seed=0, cfg='a = 1', time='now')
    torch.save(dict(state_dict=weights, optimizer=dict(state={}), meta=meta), tmp_path / 'in.pth')
    assert 'out.pth: 0.0 MB' in run(TOOL, tmp_path / 'in.pth', tmp_path / 'out.pth')
    published = load_weights_file(tmp_path / 'out.pth')
    assert set(published) == {'meta', 'state_dict'}
    assert set(published['meta']) == {'iter', 'seed', 'mmosis_version'}
    torch.testing.assert_close(published['state_dict']['weight'], weights['weight'].half(), rtol=0, atol=0)
    assert published['state_dict']['steps'].dtype == torch.int64


def test_a_file_without_weights_is_refused(tmp_path: Path) -> None:
    torch.save(dict(meta={}), tmp_path / 'in.pth')
    with pytest.raises(
        ValueError, match=r'in\.pth has no weights under state_dict; give a checkpoint of tools/train\.py'
    ):
        run(TOOL, tmp_path / 'in.pth', tmp_path / 'out.pth')
    assert not (tmp_path / 'out.pth').exists()
