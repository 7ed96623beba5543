"""RunningStandardize: statistics of all that was seen, and never of the batch at hand."""

import pytest
import torch
from torch import Tensor

from mmosis.models import RunningStandardize

MEAN, STD = torch.tensor([5.0, -2.0]), torch.tensor([3.0, 0.5])


def draw(batch: int = 8, size: int = 8, seed: int = 0) -> Tensor:
    """Features (N, 2, H, W) of known mean and standard deviation."""
    noise = torch.randn(batch, 2, size, size, generator=torch.Generator().manual_seed(seed))
    return noise * STD[:, None, None] + MEAN[:, None, None]


@pytest.fixture
def settled() -> RunningStandardize:
    """A layer that has seen 200 batches."""
    layer = RunningStandardize(2).train()
    for seed in range(200):
        layer(draw(seed=seed))
    return layer


def test_it_settles_to_the_statistics_of_the_data(settled: RunningStandardize) -> None:
    torch.testing.assert_close(settled.running_mean, MEAN, atol=0.05, rtol=0)
    torch.testing.assert_close(settled.running_var.sqrt(), STD, atol=0, rtol=0.02)
    out = settled.eval()(draw(batch=64, seed=999))
    torch.testing.assert_close(out.mean(dim=(0, 2, 3)), torch.zeros(2), atol=0.05, rtol=0)
    torch.testing.assert_close(out.std(dim=(0, 2, 3)), torch.ones(2), atol=0.05, rtol=0)


def test_at_first_all_steps_count_alike() -> None:
    layer, batches = RunningStandardize(2).train(), [draw(seed=seed) + seed for seed in range(4)]
    for batch in batches:
        layer(batch)
    torch.testing.assert_close(layer.running_mean, torch.stack([b.mean(dim=(0, 2, 3)) for b in batches]).mean(dim=0))


def test_later_it_forgets_and_follows(settled: RunningStandardize) -> None:
    for seed in range(200):
        settled(draw(seed=seed) + 10)
    torch.testing.assert_close(settled.running_mean, MEAN + 10, atol=0.3, rtol=0)


def test_what_an_image_becomes_does_not_depend_on_its_batch(settled: RunningStandardize) -> None:
    settled.eval()
    before, x = settled.running_mean.clone(), draw(seed=7)
    torch.testing.assert_close(settled(x)[:1], settled(x[:1]))
    torch.testing.assert_close(settled(torch.cat([x[:1], x + 100]))[:1], settled(x[:1]))
    assert settled.running_mean.equal(before)


def test_training_gives_what_testing_gives_of_the_same_statistics() -> None:
    layer, x = RunningStandardize(2).train(), draw() * 3
    layer(draw(seed=1))
    trained = layer(x)
    torch.testing.assert_close(trained, layer.eval()(x))
    assert trained[:, 0].mean() > 0.5  # so the batch's own statistics were not used


def test_it_learns_nothing_and_lets_gradients_through(settled: RunningStandardize) -> None:
    assert list(settled.parameters()) == []
    x = draw().requires_grad_()
    settled(x).sum().backward()
    torch.testing.assert_close(x.grad[0, :, 0, 0], 1 / (settled.running_var + settled.eps).sqrt())


def test_statistics_in_bfloat16(settled: RunningStandardize) -> None:
    expected = settled.eval()(draw())
    out = settled.bfloat16()(draw().bfloat16())
    assert out.dtype == torch.float32
    torch.testing.assert_close(out, expected, atol=0.1, rtol=0)
