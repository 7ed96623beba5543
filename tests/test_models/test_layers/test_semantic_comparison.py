"""SemanticComparison: cosines that one can work out, and a result made from them."""

import pytest
import torch
from torch import Tensor, nn

from mmosis.models import SemanticComparison


@pytest.fixture
def comparison() -> SemanticComparison:
    torch.manual_seed(0)
    return SemanticComparison(in_channels=2, embed_channels=2, out_channels=5)


def set_embedding(comparison: SemanticComparison, weight: Tensor) -> None:
    with torch.no_grad():
        comparison.embed_layer.weight.copy_(weight)
        comparison.embed_layer.bias.zero_()


PAIRS = {
    'the same': ([3.0, 4.0], [3.0, 4.0], 1.0),
    'longer': ([3.0, 4.0], [30.0, 40.0], 1.0),
    'at right angles': ([3.0, 4.0], [4.0, -3.0], 0.0),
    'opposite': ([3.0, 4.0], [-3.0, -4.0], -1.0),
    '45 degrees': ([1.0, 0.0], [1.0, 1.0], 0.5**0.5),
}


@pytest.mark.parametrize(('feats', 'ref_feats', 'cosine'), PAIRS.values(), ids=PAIRS)
def test_cosines(comparison: SemanticComparison, feats: list, ref_feats: list, cosine: float) -> None:
    set_embedding(comparison, 2 * torch.eye(2))
    _, cosines = comparison(torch.tensor(feats), torch.tensor(ref_feats))
    torch.testing.assert_close(cosines, torch.tensor([cosine, cosine]), atol=1e-6, rtol=0)


def test_the_second_is_the_embeddings(comparison: SemanticComparison) -> None:
    set_embedding(comparison, torch.tensor([[1.0, 0], [0, 0]]))  # sees the first channel alone
    _, cosines = comparison(torch.tensor([3.0, 4.0]), torch.tensor([4.0, -3.0]))
    torch.testing.assert_close(cosines, torch.tensor([0.0, 1.0]))


def test_embedded_are_unit_vectors(comparison: SemanticComparison) -> None:
    torch.testing.assert_close(comparison.embed(torch.randn(4, 3, 2)).norm(dim=-1), torch.ones(4, 3))


def test_equal_features_give_one_result_and_others_another(comparison: SemanticComparison) -> None:
    feats = torch.randn(6, 2)
    same, _ = comparison(feats, feats)
    torch.testing.assert_close(same, same[:1].expand(6, -1))
    assert not torch.allclose(comparison(feats, feats.flip(0))[0], same, atol=1e-3)


def test_a_map_is_compared_with_a_vector_an_episode(comparison: SemanticComparison) -> None:
    feats, refs = torch.randn(1, 4, 3, 2), torch.randn(5, 2)
    together, cosines = comparison(feats, refs[:, None, None])
    assert (together.shape, cosines.shape) == ((5, 4, 3, 5), (5, 4, 3, 2))
    alone, _ = comparison(feats[0, 1, 2], refs[3])
    torch.testing.assert_close(together[3, 1, 2], alone)


def test_both_sides_and_all_layers_learn(comparison: SemanticComparison) -> None:
    feats, refs = (torch.randn(7, 2, requires_grad=True) for _ in range(2))
    compared, cosines = comparison(feats, refs)
    nn.functional.mse_loss(compared, torch.ones_like(compared)).backward(retain_graph=True)
    cosines.sum().backward()
    assert all(side.grad.abs().sum() > 0 for side in (feats, refs))
    assert all(parameter.grad.abs().sum() > 0 for parameter in comparison.parameters())
