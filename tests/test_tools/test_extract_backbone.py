"""tools/model_converters/extract_backbone.py: a backbone for another detector."""

from pathlib import Path

import pytest
import torch
from tools_runner import run

from mmosis.compat.checkpoint import load_weights_file

TOOL = 'tools/model_converters/extract_backbone.py'


def test_the_backbone_is_taken_out(tmp_path: Path) -> None:
    weights = {'backbone.conv1.weight': torch.rand(3), 'head.fc.weight': torch.rand(2)}
    torch.save(dict(state_dict=weights, optimizer=dict(state={})), tmp_path / 'in.pth')
    assert 'out.pth: 1 tensors of a backbone' in run(TOOL, tmp_path / 'in.pth', tmp_path / 'out.pth')
    taken = load_weights_file(tmp_path / 'out.pth')['state_dict']
    assert list(taken) == ['conv1.weight']
    assert taken['conv1.weight'].equal(weights['backbone.conv1.weight'])


@pytest.mark.parametrize('checkpoint', [dict(state_dict={'head.fc.weight': torch.zeros(2)}), dict(state_dict={})])
def test_a_file_without_one_is_refused(checkpoint: dict, tmp_path: Path) -> None:
    torch.save(checkpoint, tmp_path / 'in.pth')
    with pytest.raises(
        ValueError, match=r"in\.pth has no weights under 'backbone\.'; give a checkpoint of tools/train"
    ):
        run(TOOL, tmp_path / 'in.pth', tmp_path / 'out.pth')
    assert not (tmp_path / 'out.pth').exists()
