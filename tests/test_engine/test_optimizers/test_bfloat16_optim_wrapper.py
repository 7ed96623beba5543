"""BFloat16OptimWrapper: forward in bfloat16, everything else in float32, on a CPU."""

import torch
from mmengine.optim import build_optim_wrapper
from torch import nn

from mmosis.engine import BFloat16OptimWrapper


def test_the_forward_pass_alone_is_in_bfloat16():
    torch.manual_seed(0)
    model = nn.Linear(8, 4)
    wrapper = build_optim_wrapper(model, dict(type=BFloat16OptimWrapper, optimizer=dict(type='SGD', lr=0.1)))
    before, inputs = model.weight.detach().clone(), torch.rand(3, 8)
    with wrapper.optim_context(model):
        outputs = model(inputs)
    assert outputs.dtype == torch.bfloat16
    wrapper.update_params(outputs.float().sum())
    assert model.weight.dtype == torch.float32
    torch.testing.assert_close(model.weight, before - 0.1 * inputs.sum(dim=0), atol=0.02, rtol=0)
    assert model(inputs).dtype == torch.float32
