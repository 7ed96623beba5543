"""Time the search of one image for many references at once, beside separate searches."""

from collections.abc import Sequence
from unittest.mock import patch

import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from analysis.step_timing import Step
from mmosis.models import ComposedRPNHead, SiameseMixin

from .measured import Measured, Row, rows_of_ways
from .noise import build_detector, make_references
from .timing import time_in_turns


def measure_references(
    cfg: Config, device: str, numbers: Sequence[int], runs: int, image_size: int, ref_size: int, repeats: int
) -> Measured:
    """Time searches from pixels, in turns.

    Args:
        cfg: Config of a siamese detector.
        device: 'cpu' or 'cuda'.
        numbers: How many references an image is searched for.
        runs: Where it is more than 1, also in so many calls, each with a part of them: e.g. the runs of a test.
        image_size: Side of the image.
        ref_size: Side of the references.
        repeats: Rounds, of which medians count.

    Returns:
        Measured: Rows of ways for each number, compared with separate searches.
    """
    model = build_detector(cfg, device).eval()
    image = torch.randn(1, 3, image_size, image_size, device=device) * 50
    rows = []
    for number in numbers:
        refs = make_references(number, ref_size).to(device).float() - 128
        rows += _measure(model, image, refs, runs, repeats)
    return Measured(f'an image of {image_size} pixels and references of {ref_size} pixels', rows)


def _measure(model: SiameseMixin, image: Tensor, refs: Tensor, runs: int, repeats: int) -> list[Row]:
    ways: dict[str, Step] = {
        'separate searches': lambda: [_search(model, image, ref[None]) for ref in refs],
        'one call': lambda: _search(model, image, refs),
    }
    if runs > 1:
        ways[f'{runs} calls'] = lambda: [_search(model, image, part) for part in refs.chunk(runs)]
    if isinstance(getattr(model, 'rpn_head', None), ComposedRPNHead):
        ways['one call, RPN not composed'] = lambda: _search_plainly(model, image, refs)
    counts: list[float] = []
    rows = rows_of_ways(len(refs), time_in_turns(ways, repeats, first=lambda step: counts.append(_count(step))))
    return [
        {**row, 'multiply-adds, G': count / 1e9, 'ratio of these': count / counts[0]}
        for row, count in zip(rows, counts, strict=True)
    ]


@torch.no_grad()
def _search(model: SiameseMixin, image: Tensor, refs: Tensor) -> None:
    size = tuple(image.shape[-2:])
    sample = DetDataSample(metainfo=dict(img_shape=size, ori_shape=size, scale_factor=(1.0, 1.0)))
    model.predict(image, [sample], [refs])


def _search_plainly(model: SiameseMixin, image: Tensor, refs: Tensor) -> None:
    with patch.object(model.rpn_head, 'pays', lambda *_: False):
        _search(model, image, refs)


def _count(step: Step) -> float:
    with FlopCounterMode(display=False) as counter:
        step()
    return counter.get_total_flops() / 2
