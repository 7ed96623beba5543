"""SelectiveAttention: heads are weighed against each other and added."""

import numpy as np
import pytest
import torch
from torch import nn

from mmosis.models import SelectiveAttention

CHANNELS, HEADS = 6, 3


@pytest.fixture
def attention() -> SelectiveAttention:
    torch.manual_seed(0)
    return SelectiveAttention(CHANNELS, HEADS, dropout=0.5).eval()


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


def attend_by_hand(x: np.ndarray, y: np.ndarray, attention: SelectiveAttention) -> np.ndarray:
    """Of one set of positions x (N, D) and y (M, D), head by head and position by position: (N, D)."""
    weights = {name: value.detach().double().numpy() for name, value in attention.named_parameters()}
    size, heads = CHANNELS // HEADS, []
    queries, keys, values = (
        side @ weights[f'{name}_layer.weight'].T for side, name in ((x, 'query'), (y, 'key'), (y, 'value'))
    )
    for head in range(HEADS):
        own = slice(head * size, (head + 1) * size)
        heads.append([softmax(keys[:, own] @ query / np.sqrt(size)) @ values[:, own] for query in queries[:, own]])
    heads = np.array(heads)
    summary = heads.sum(axis=0).mean(axis=0)
    scores = (weights['select_layer.weight'] @ summary + weights['select_layer.bias']).reshape(HEADS, size)
    for channel in range(size):
        scores[:, channel] = softmax(scores[:, channel])
    added = x + sum(heads[head] * scores[head] for head in range(HEADS)) @ weights['out_layer.weight'].T
    centred = added - added.mean(axis=1, keepdims=True)
    return centred / np.sqrt(added.var(axis=1, keepdims=True) + 1e-6) * weights['norm.weight'] + weights['norm.bias']


def test_equals_a_plain_recomputation(attention: SelectiveAttention) -> None:
    for parameter in attention.parameters():
        nn.init.normal_(parameter)
    queries, keys = torch.randn(2, 4, CHANNELS), torch.randn(2, 5, CHANNELS)
    attended = attention(queries, keys)
    for got, x, y in zip(attended, queries, keys, strict=True):
        expected = attend_by_hand(x.double().numpy(), y.double().numpy(), attention)
        np.testing.assert_allclose(got.detach().numpy(), expected, atol=1e-4)


def test_none_and_many(attention: SelectiveAttention) -> None:
    queries = torch.randn(3, 4, CHANNELS)
    assert attention(queries[:0], queries[:0]).shape == (0, 4, CHANNELS)
    torch.testing.assert_close(attention(queries, queries)[1:2], attention(queries[1:2], queries[1:2]))


def test_what_is_dropped_in_training(attention: SelectiveAttention) -> None:
    queries = torch.randn(3, 4, CHANNELS)
    torch.testing.assert_close(attention(queries, queries), attention(queries, queries))
    attention.train()
    assert not torch.allclose(attention(queries, queries), attention(queries, queries))


def test_all_parameters_learn(attention: SelectiveAttention) -> None:
    queries, keys = torch.randn(2, 4, CHANNELS, requires_grad=True), torch.randn(2, 4, CHANNELS, requires_grad=True)
    attention(queries, keys)[..., 0].sum().backward()
    assert all(tensor.grad.abs().sum() > 0 for tensor in (queries, keys, *attention.parameters()))


def test_heads_that_do_not_divide_the_channels_are_refused() -> None:
    with pytest.raises(ValueError, match='heads must divide channels, got 4 heads and 6 channels'):
        SelectiveAttention(6, 4, dropout=0.0)
