"""Parts of a detector that can be traced compute what those do whose place they take."""

import pytest
import torch
from mmcv.cnn.bricks.conv2d_adaptive_padding import Conv2dAdaptivePadding
from mmdet.models import SingleRoIExtractor
from torch import nn

from mmosis.deployment.traceable import PaddedConv2d, RoIExtractor, make_traceable


def make_extractor(num_levels: int) -> SingleRoIExtractor:
    layer = dict(type='RoIAlign', output_size=3, sampling_ratio=0)
    return SingleRoIExtractor(layer, out_channels=2, featmap_strides=[4, 8, 16, 32][:num_levels])


@pytest.mark.parametrize('num_levels', [1, 4])
@pytest.mark.parametrize('sides', [(20.0, 150.0, 400.0), (20.0,), ()], ids=['many levels', 'one level', 'no regions'])
def test_regions_are_mmdets(num_levels: int, sides: tuple[float, ...]) -> None:
    draw = torch.Generator().manual_seed(0)
    feats = [torch.rand(1, 2, 128 // 2**i, 128 // 2**i, generator=draw) for i in range(num_levels)]
    rois = torch.tensor([[0.0, 8, 4, 8 + side, 4 + side] for side in sides]).reshape(-1, 5)
    extractor = make_extractor(num_levels)
    expected = extractor(feats, rois)
    traceable = make_traceable(nn.ModuleList([extractor]))[0]
    assert isinstance(traceable, RoIExtractor)
    assert traceable.num_inputs == num_levels
    torch.testing.assert_close(traceable(feats, rois), expected)
    assert not extractor.roi_layers[0].use_torchvision  # the detector itself stays


@pytest.mark.parametrize(('kernel', 'stride', 'dilation'), [(3, 1, 1), (3, 2, 1), (5, 2, 1), (3, 1, 2), (1, 1, 1)])
def test_convolutions_are_mmcvs_where_strides_divide_the_sides(kernel: int, stride: int, dilation: int) -> None:
    torch.manual_seed(0)
    conv = Conv2dAdaptivePadding(2, 4, kernel, stride=stride, dilation=dilation, groups=2)
    maps = torch.rand(1, 2, 8, 12)
    traceable = make_traceable(nn.Sequential(conv))[0]
    assert isinstance(traceable, PaddedConv2d)
    torch.testing.assert_close(traceable(maps), conv(maps))
