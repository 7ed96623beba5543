"""Export a detector to a folder of ONNX graphs."""

import json
import shutil
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import numpy as np
import torch
from mmdet.models import GFLHead, RPNHead
from torch import Tensor, nn

from mmosis.search.onnx.onnx_detector import OnnxDetector

from .check import Parity, check_export
from .graphs import Detect, Features, References, needs_window
from .half_precision import halve_weights
from .spec import describe
from .traceable import make_traceable
from .tracing import write_graph

if TYPE_CHECKING:
    from mmosis.search import OneShotInferencer

IMG_SHAPE = (128, 192)  # of the example, whose boxes no graph remembers


def export_onnx(inferencer: 'OneShotInferencer', out: str | Path, name: str | None = None) -> list[Parity]:
    """Export a detector, and check that the exported one finds the same.

    The folder gets ``features.onnx``, ``references.onnx``, ``detect.onnx`` and ``model.json``, and where images can
    be indexed by the model, ``regions.safetensors``;
    :class:`~mmosis.search.onnx.onnx_detector.OnnxDetector` runs it. It appears when all is done and checked.

    Args:
        inferencer: The detector with its config, on the CPU in float32.
        out: The folder, which must not exist.
        name: What the model is called; by default as its config file.

    Returns:
        list[Parity]: How near the results are on images of several sizes.

    Raises:
        FileExistsError: If there is something at ``out``.
        ValueError: If the detector cannot be exported or finds something else then; the message says what.
    """
    out = Path(out)
    if out.exists():
        raise FileExistsError(f'{out} is there already; give another folder or remove it')
    _check_settings(inferencer)
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(mkdtemp(prefix=f'.{out.name}.', dir=out.parent))
    try:
        _write(inferencer, unfinished, name or Path(inferencer.cfg.filename or 'model').stem)
        parity = check_export(inferencer, OnnxDetector(unfinished, num_threads=torch.get_num_threads()))
        unfinished.chmod(0o755)
        unfinished.rename(out)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return parity


def _check_settings(inferencer: 'OneShotInferencer') -> None:
    """Refuse what has no counterpart in ONNX."""
    if inferencer.precision != 'fp32' or inferencer.model.data_preprocessor.device.type != 'cpu':
        raise ValueError(
            f'a model is exported on the CPU in fp32, got {inferencer.model.data_preprocessor.device.type} in '
            f"{inferencer.precision}; make the inferencer with device='cpu' and precision='fp32'"
        )
    head = getattr(inferencer.model, 'rpn_head', None) or getattr(inferencer.model, 'bbox_head', None)
    if not isinstance(head, RPNHead | GFLHead):
        raise ValueError(
            f'a detector with a {type(head).__name__} cannot be exported; it must propose regions by an RPNHead, or be '
            'of one stage with a GFLHead'
        )
    for part, head in inferencer.model.named_modules():
        nms = (getattr(head, 'test_cfg', None) or {}).get('nms')
        if nms is not None and nms.get('type', 'nms') != 'nms':
            raise ValueError(f"{part} has nms of type {nms['type']!r}, ONNX knows 'nms' alone; set its test_cfg so")


def _write(inferencer: 'OneShotInferencer', folder: Path, name: str) -> None:
    model = make_traceable(inferencer.model)
    # The size (h, w) of what the reference pipeline makes of an image.
    img = np.zeros((64, 64, 3), np.uint8)
    reference = inferencer.ref_pipeline(dict(img=img, img_shape=img.shape[:2], ref_bbox=(0, 0, 64, 64)))
    ref_size = tuple(reference['ref_inputs'].shape[-2:])
    spec = describe(inferencer, name, ref_size)
    feats, levels = _write_features(model, folder)
    reference = _write_references(model, ref_size, levels, folder)
    _write_detect(model, dict(zip(levels, feats, strict=True)), reference, folder)
    for graph in folder.glob('*.onnx'):
        halve_weights(graph)
    (folder / 'model.json').write_text(json.dumps(spec, indent=2))
    with suppress(ValueError):  # a matcher without vectors has no index
        inferencer.regions.save(folder)


@torch.no_grad()
def _write_features(model: nn.Module, folder: Path) -> tuple[list[Tensor], list[str]]:
    """Write the backbone with its neck; return the example's pyramid, with the names of its levels."""
    module = Features(model)
    pixels = torch.randn(1, 3, *IMG_SHAPE, generator=torch.Generator().manual_seed(0))
    feats = module(pixels)
    levels = [f'level{i}' for i in range(len(feats))]
    dynamic = {name: [0, 2, 3] for name in ('pixels', *levels)}
    write_graph(module, dict(pixels=pixels), levels, dynamic, folder / 'features.onnx')
    return list(feats), levels


@torch.no_grad()
def _write_references(
    model: nn.Module, ref_size: tuple[int, int], levels: list[str], folder: Path
) -> dict[str, Tensor]:
    """Write the match neck's encoding of references; return the encoded first one."""
    module = References(model)
    pixels = torch.randn(2, 3, *ref_size, generator=torch.Generator().manual_seed(0))
    inputs = dict(zip(levels, Features(model)(pixels), strict=True), masks=torch.ones(2, 1, *ref_size))
    encoded = module.encode(*inputs.values())[:1]
    encoded_inputs = {f'query.{name}': row for name, row in zip(encoded.names, encoded.tensors, strict=True)}
    dynamic = {name: [0] for name in (*inputs, *encoded_inputs)}
    write_graph(module, inputs, list(encoded_inputs), dynamic, folder / 'references.onnx')
    return encoded_inputs


def _write_detect(model: nn.Module, feats: dict[str, Tensor], reference: dict[str, Tensor], folder: Path) -> None:
    """Write the matching and the heads."""
    module = Detect(model, len(feats))
    inputs = dict(feats, **reference, img_shape=torch.tensor(IMG_SHAPE))
    if needs_window(model):
        height, width = IMG_SHAPE
        inputs['window'] = torch.tensor([0.0, 0.0, width, height])
    dynamic = {**{name: [2, 3] for name in feats}, **{name: [0] for name in module.outputs}}
    write_graph(module, inputs, module.outputs, dynamic, folder / 'detect.onnx')
