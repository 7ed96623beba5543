"""BFloat16OptimWrapper: forward in bfloat16 where it is native, everything else in float32, on a CPU."""

import pytest
import torch
from mmengine.optim import OptimWrapper, build_optim_wrapper
from torch import Tensor, nn

from mmosis.engine import BFloat16OptimWrapper


@pytest.fixture
def processor(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """A processor with bfloat16 or without, as the parameter says."""
    monkeypatch.setattr('mmosis.utils.precision.has_native_bfloat16', lambda _: request.param)


def step(wrapper_type: type[OptimWrapper]) -> tuple[Tensor, Tensor, Tensor, nn.Module]:
    """Train for one step: inputs, outputs, the weights before, and the model after."""
    torch.manual_seed(0)
    model, inputs = nn.Linear(8, 4), torch.rand(3, 8)
    before = model.weight.detach().clone()
    wrapper = build_optim_wrapper(model, dict(type=wrapper_type, optimizer=dict(type='SGD', lr=0.1)))
    with wrapper.optim_context(model):
        outputs = model(inputs)
    wrapper.update_params(outputs.float().sum())
    return inputs, outputs, before, model


@pytest.mark.parametrize('processor', [True], indirect=True)
@pytest.mark.usefixtures('processor')
def test_the_forward_pass_alone_is_in_bfloat16() -> None:
    inputs, outputs, before, model = step(BFloat16OptimWrapper)
    assert outputs.dtype == torch.bfloat16
    assert model.weight.dtype == torch.float32
    torch.testing.assert_close(model.weight, before - 0.1 * inputs.sum(dim=0), atol=0.02, rtol=0)
    assert model(inputs).dtype == torch.float32


@pytest.mark.parametrize('processor', [False], indirect=True)
@pytest.mark.usefixtures('processor')
def test_where_it_is_emulated_all_is_as_in_float32(capfd: pytest.CaptureFixture) -> None:
    _, outputs, _, model = step(BFloat16OptimWrapper)
    _, expected_outputs, _, expected = step(OptimWrapper)
    assert torch.equal(outputs, expected_outputs)
    assert torch.equal(model.weight, expected.weight)
