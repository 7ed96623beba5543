"""CosineLinear: cosines times a temperature, with either family's NormedLinear."""

import torch
import torch.nn.functional as F
from mmdet.registry import MODELS

from mmosis.models import CosineLinear


def test_it_is_built_as_a_class_predictor_and_scores_by_cosine() -> None:
    torch.manual_seed(0)
    predictor = dict(type='CosineLinear', temperature=24)
    head = MODELS.build(dict(type='Shared2FCBBoxHead', num_classes=3, cls_predictor_cfg=predictor))
    layer, x = head.fc_cls, torch.randn(5, 1024)
    assert (type(layer), layer.out_features) == (CosineLinear, 4)
    torch.nn.init.normal_(layer.bias)
    cosines = F.cosine_similarity(x[:, None], layer.weight[None], dim=-1)
    torch.testing.assert_close(layer(x), 24 * cosines + layer.bias, atol=1e-3, rtol=0)


def test_without_a_temperature_it_is_the_default_of_mmdet() -> None:
    layer = CosineLinear(8, 2)
    x = torch.ones(1, 8)
    layer.weight.data[0] = 1
    torch.testing.assert_close(layer(x)[0, 0], torch.tensor(20.0), atol=1e-3, rtol=0)
