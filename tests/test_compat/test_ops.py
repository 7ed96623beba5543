"""The ops that mmcv is given: known answers through mmcv's own classes, whichever ops are in use."""

import importlib
import inspect
import pkgutil
import re
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from fresh_process import run_fresh
from mmcv.ops import RoIAlign, RoIPool, batched_nms, nms, roi_align, soft_nms
from tools_runner import run

from mmosis.compat import ops

stands_in = ops.describe_ops() == 'torchvision stand-in'
stand_in_only = pytest.mark.skipif(not stands_in, reason='the compiled ops of mmcv are in use')
compiled_only = pytest.mark.skipif(stands_in, reason='parity needs the compiled ops of mmcv: they are not installed')
half_precisions = pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])

# The second overlaps the first by 8 / 12, the third neither.
BOXES = torch.tensor([[0.0, 0, 10, 10], [2, 0, 12, 10], [20, 20, 30, 30]])
SCORES = torch.tensor([0.6, 0.9, 0.3])


def align(feats: torch.Tensor, rois: torch.Tensor, size: int = 2, scale: float = 1.0, samples: int = 0) -> torch.Tensor:
    return roi_align(feats, rois, (size, size), scale, samples, 'avg', True)


def ramp(height: int = 16, width: int = 16, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """A map whose value is 2 x + 3 y at pixel centres; bilinear samples of it are exact."""
    y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing='ij')
    return (2 * x + 3 * y).to(dtype)[None, None]


def test_nms_keeps_the_best_of_overlapping_boxes() -> None:
    dets, keep = nms(BOXES, SCORES, iou_threshold=0.5)
    assert keep.tolist() == [1, 2]
    torch.testing.assert_close(dets, torch.cat([BOXES[keep], SCORES[keep, None]], 1))


def test_nms_threshold_is_strict() -> None:
    assert nms(BOXES, SCORES, iou_threshold=0.7)[1].tolist() == [1, 0, 2]
    halves = torch.tensor([[0.0, 0, 2, 1], [0, 0, 1, 1]])  # IoU exactly 0.5
    assert nms(halves, torch.tensor([0.9, 0.8]), iou_threshold=0.5)[1].tolist() == [0, 1]


def test_nms_offset_counts_pixels() -> None:
    # One column apart: 1 of 3 shared without the offset, 2 of 4 with it.
    boxes, scores = torch.tensor([[0.0, 0, 2, 2], [1, 0, 3, 2]]), torch.tensor([0.9, 0.8])
    assert nms(boxes, scores, 0.4, offset=0)[1].tolist() == [0, 1]
    assert nms(boxes, scores, 0.4, offset=1)[1].tolist() == [0]


def test_nms_score_threshold_and_max_num() -> None:
    assert nms(BOXES, SCORES, 0.7, score_threshold=0.5, max_num=1)[1].tolist() == [1]


def test_batched_nms_treats_classes_apart() -> None:
    config = dict(type='nms', iou_threshold=0.5)
    assert batched_nms(BOXES, SCORES, torch.tensor([0, 1, 0]), config)[1].tolist() == [1, 0, 2]
    assert batched_nms(BOXES, SCORES, torch.tensor([0, 1, 0]), config, class_agnostic=True)[1].tolist() == [1, 2]


def test_nms_of_no_boxes() -> None:
    dets, keep = nms(torch.zeros(0, 4), torch.zeros(0), 0.5)
    assert dets.shape == (0, 5)
    assert keep.shape == (0,)


@stand_in_only
@half_precisions
def test_nms_in_half_precision(dtype: torch.dtype) -> None:
    dets, keep = nms(BOXES.to(dtype), SCORES.to(dtype), 0.5)
    assert keep.tolist() == [1, 2]
    assert dets.dtype == dtype


def test_roi_align_of_a_ramp_is_the_ramp_at_the_cell_centres() -> None:
    # Cells of [2, 10] x [4, 8] have centres x = 4, 8 and y = 5, 7.
    expected = torch.tensor([[[[23.0, 31], [29, 37]]]])
    for samples in (0, 1, 2):
        torch.testing.assert_close(align(ramp(), torch.tensor([[0.0, 2, 4, 10, 8]]), samples=samples), expected)


def test_roi_align_scales_boxes_and_picks_the_image() -> None:
    feats = torch.cat([torch.zeros_like(ramp()), ramp()])
    rois = torch.tensor([[1.0, 8, 16, 40, 32], [0, 8, 16, 40, 32]])
    pooled = align(feats, rois, scale=0.25)
    torch.testing.assert_close(pooled, torch.tensor([[[[23.0, 31], [29, 37]]], [[[0, 0], [0, 0]]]]))


@stand_in_only
def test_roi_align_of_channels_last_maps_is_that_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """To the bit, and torchvision, which would copy them slowly, gets them copied."""
    feats = torch.rand(2, 5, 70, 80, generator=torch.Generator().manual_seed(0))
    rois = torch.tensor([[0.0, 0.3, 0.7, 55.1, 44.9], [1, 2.2, 1.1, 66.5, 65.5]])
    expected, seen, pool = align(feats, rois, size=7), [], torch.ops.torchvision.roi_align
    monkeypatch.setattr(
        torch.ops.torchvision, 'roi_align', lambda maps, *rest: seen.append(maps.is_contiguous()) or pool(maps, *rest)
    )
    assert torch.equal(align(feats.to(memory_format=torch.channels_last), rois, size=7), expected)
    assert seen == [True]


def test_roi_align_unaligned_is_half_a_pixel_off() -> None:
    rois = torch.tensor([[0.0, 2, 4, 10, 8]])
    pooled = roi_align(ramp(), rois, (2, 2), 1.0, 0, 'avg', False)
    torch.testing.assert_close(pooled, align(ramp(), rois) + 0.5 * (2 + 3))


def test_roi_align_of_no_regions() -> None:
    feats = ramp().requires_grad_()
    pooled = align(feats, torch.zeros(0, 5))
    assert pooled.shape == (0, 1, 2, 2)
    pooled.sum().backward()
    assert feats.grad.abs().sum() == 0


def test_roi_align_gradient() -> None:
    feats = torch.rand(2, 2, 6, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    rois = torch.tensor([[0.0, 0.3, 0.7, 5.1, 4.9], [1, 2.2, 1.1, 6.5, 5.5]], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: align(x, rois, size=3), feats)


def test_roi_align_gradient_of_a_non_contiguous_mean() -> None:
    feats = torch.zeros(1, 1, 8, 8, requires_grad=True)
    align(feats, torch.tensor([[0.0, 2, 2, 6, 6]])).transpose(2, 3).mean().backward()
    expected = torch.zeros(1, 1, 8, 8)
    expected[..., 2:6, 2:6] = 1 / 16
    torch.testing.assert_close(feats.grad, expected)


@stand_in_only
@half_precisions
def test_roi_align_in_half_precision(dtype: torch.dtype) -> None:
    feats = ramp(dtype=dtype).requires_grad_()
    pooled = align(feats, torch.tensor([[0.0, 2, 4, 10, 8]], dtype=dtype))
    torch.testing.assert_close(pooled, torch.tensor([[[[23.0, 31], [29, 37]]]], dtype=dtype))
    pooled.sum().backward()
    assert feats.grad.dtype == dtype
    assert feats.grad.sum().item() == pytest.approx(4)


def test_roi_align_under_autocast() -> None:
    layer, rois = RoIAlign((2, 2)), torch.tensor([[0.0, 2, 4, 10, 8]])
    with torch.autocast('cpu', dtype=torch.bfloat16):
        feats = torch.nn.functional.conv2d(ramp(), torch.ones(1, 1, 1, 1)).float()
        torch.testing.assert_close(layer(feats, rois), torch.tensor([[[[23.0, 31], [29, 37]]]]))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a CUDA device')
@pytest.mark.parametrize('dtype', [torch.float32, torch.float16, torch.bfloat16])
def test_cuda_gives_the_answers_of_the_cpu(dtype: torch.dtype) -> None:
    assert nms(BOXES.cuda().to(dtype), SCORES.cuda().to(dtype), 0.5)[1].tolist() == [1, 2]
    feats = ramp(dtype=dtype).cuda().requires_grad_()
    pooled = align(feats, torch.tensor([[0.0, 2, 4, 10, 8]], dtype=dtype, device='cuda'))
    torch.testing.assert_close(pooled.float().cpu(), torch.tensor([[[[23.0, 31], [29, 37]]]]))
    pooled.sum().backward()
    assert feats.grad.sum().item() == pytest.approx(4)
    with torch.autocast('cuda', dtype=torch.float16):
        torch.testing.assert_close(align(feats, torch.tensor([[0.0, 2, 4, 10, 8]], device='cuda')), pooled)


@stand_in_only
def test_max_pooling_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="pool_mode='max' needs the compiled ops"):
        roi_align(ramp(), torch.zeros(1, 5), (2, 2), 1.0, 0, 'max', True)
    sizes = dict(aligned_height=2, aligned_width=2, spatial_scale=1.0, sampling_ratio=0, pool_mode=0, aligned=True)
    with pytest.raises(NotImplementedError, match="pool_mode='max' needs the compiled ops"):
        ops.roi_align_backward(torch.zeros(1, 1, 2, 2), torch.zeros(1, 5), None, None, ramp(), **sizes)


@stand_in_only
def test_other_ops_say_what_to_do() -> None:
    remedies = r"'softnms' needs the compiled ops.*: compile them .*\(pip .*mmcv.*\), or use a model"
    with pytest.raises(NotImplementedError, match=remedies):
        soft_nms(BOXES, SCORES)
    with pytest.raises(NotImplementedError, match="'roi_pool_forward' needs the compiled ops"):
        RoIPool((2, 2))(ramp(), torch.zeros(1, 5))


@pytest.mark.parametrize(('family', 'command'), [('onedl-mmcv', 'binary onedl-mmcv'), ('mmcv-lite', 'binary mmcv ')])
def test_the_remedy_is_that_of_the_family(monkeypatch: pytest.MonkeyPatch, family: str, command: str) -> None:
    monkeypatch.setattr(ops, 'installed_versions', lambda: {family: '2.1.0'})
    with pytest.raises(NotImplementedError, match=command):
        ops.StandIn().softnms()


@stand_in_only
def test_the_stand_in_looks_like_a_module() -> None:
    module = importlib.import_module('mmcv._ext')
    assert find_spec('mmcv._ext').name == 'mmcv._ext'
    assert sys.modules['mmcv']._ext is module
    assert 'mmcv._ext' not in {info.name for info in pkgutil.iter_modules(sys.modules['mmcv'].__path__, 'mmcv.')}
    with pytest.raises(AttributeError, match='__wrapped__'):
        module.__wrapped__  # noqa: B018
    assert 'torchvision' in importlib.import_module('mmcv.utils').collect_env()['MMCV Compiler']


@compiled_only
def test_compiled_ops_are_not_replaced() -> None:
    assert sys.modules['mmcv._ext'].__file__


@compiled_only
@pytest.mark.parametrize('offset', [0, 1])
def test_nms_equals_the_compiled_op(offset: int) -> None:
    draw = torch.Generator().manual_seed(offset)
    corners = torch.rand(500, 2, generator=draw) * 80
    boxes = torch.cat([corners, corners + 1 + torch.rand(500, 2, generator=draw) * 30], 1)
    scores = torch.rand(500, generator=draw)
    compiled = sys.modules['mmcv._ext'].nms(boxes, scores, iou_threshold=0.5, offset=offset)
    assert ops.nms(boxes, scores, 0.5, offset).tolist() == compiled.tolist()


@compiled_only
@pytest.mark.parametrize('samples', [0, 2])
@pytest.mark.parametrize('aligned', [True, False])
def test_roi_align_equals_the_compiled_op(samples: int, aligned: bool) -> None:
    draw = torch.Generator().manual_seed(samples)
    feats, corners = torch.rand(2, 3, 20, 30, generator=draw), torch.rand(40, 2, generator=draw) * 60
    ends = corners + torch.rand(40, 2, generator=draw) * 80
    rois = torch.cat([torch.arange(40)[:, None] % 2, corners, ends], 1)
    sizes = dict(aligned_height=7, aligned_width=5, spatial_scale=0.25, sampling_ratio=samples, aligned=aligned)
    results = []
    for source in (ops, sys.modules['mmcv._ext']):
        output, grad, unused = feats.new_zeros(40, 3, 7, 5), torch.zeros_like(feats), feats.new_zeros(0)
        source.roi_align_forward(feats, rois, output, unused, unused, pool_mode=ops.AVERAGE, **sizes)
        source.roi_align_backward(output, rois, unused, unused, grad, pool_mode=ops.AVERAGE, **sizes)
        results.append((output, grad))
    torch.testing.assert_close(results[0], results[1])


def test_prepared_first() -> None:
    pool_ones()


# As a program of their own, since this one has called prepare() first.
IMPORT_ORDERS = {
    'mmdet first': 'import mmdet, mmosis.models',
    'models of mmdet first': """
try:
    import mmdet.models
except ModuleNotFoundError as error:
    assert error.name == 'mmcv._ext'
from mmosis.compat import prepare
prepare()
""",
}


@pytest.mark.parametrize('order', IMPORT_ORDERS)
def test_mmdet_first(order: str, tmp_path: Path) -> None:
    program = '\n'.join(
        [IMPORT_ORDERS[order], 'import torch', *map(inspect.getsource, (pool_masks, pool_ones)), 'pool_ones()']
    )
    run_fresh(program, tmp_path)


def pool_ones() -> None:
    from mmdet.models import MaskRCNN, SingleRoIExtractor

    assert MaskRCNN
    extractor = SingleRoIExtractor(dict(type='RoIAlign', output_size=2, sampling_ratio=0), 1, [1])
    pooled = extractor([torch.ones(1, 1, 8, 8)], torch.tensor([[0.0, 2, 2, 6, 6]]))
    assert pooled.tolist() == [[[[1, 1], [1, 1]]]]
    pool_masks()


def pool_masks() -> None:
    import numpy as np
    from mmdet.structures.mask import BitmapMasks

    masks = BitmapMasks(np.eye(8, dtype=np.uint8)[None].repeat(4, 1).repeat(4, 2), 32, 32)
    cropped = masks.crop_and_resize(np.array([[4.0, 4, 12, 12]]), (2, 2), np.array([0]))
    assert cropped.masks.tolist() == [[[1, 0], [0, 1]]]


def test_compiled_ops_of_another_torch_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.delitem(sys.modules, 'mmcv._ext')
    monkeypatch.setattr(sys.modules['mmcv'], '__path__', [str(tmp_path), *sys.modules['mmcv'].__path__])
    (tmp_path / '_ext.py').write_text('raise ImportError("undefined symbol: _ZN3c105ErrorC2E")')
    with pytest.raises(ImportError, match=r'do not load with torch .*undefined symbol.* reinstall an mmcv'):
        ops.install()


@stand_in_only
def test_comparing_needs_the_compiled_ops() -> None:
    with pytest.raises(ValueError, match=r'MMCV has no compiled ops here; tools/misc/test_compiled_ops.sh makes'):
        run('tools/misc/compare_ops.py')


@compiled_only
def test_the_figures_are_small() -> None:
    output = run('tools/misc/compare_ops.py', '--draws', '2')
    assert output.count('2 of 2 the same') == 2
    figures = re.findall(r'\d\.\de[+-]\d\d', output)
    assert len(figures) == 8
    assert max(map(float, figures)) < 1e-5
