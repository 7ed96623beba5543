"""model.json: what a runtime must know of an exported model beside its graphs."""

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from mmosis.search.onnx.exported_model import FORMAT
from mmosis.search.steps import without_loading

from .graphs import needs_window

if TYPE_CHECKING:
    from mmosis.search import OneShotInferencer


def describe(inferencer: 'OneShotInferencer', name: str, ref_size: tuple[int, int]) -> dict[str, Any]:
    """Describe a detector in plain values.

    Args:
        inferencer: The detector with its config.
        name: Its name.
        ref_size: (h, w) of references.

    Returns:
        dict: ``format``; ``name``; ``fingerprint``; ``image`` and ``reference``, how pixels are normalised, and
        then padded, or their ``size`` (h, w); ``pipeline`` and ``ref_pipeline``, the config's transforms after loading;
        ``search``, the config's settings; ``nms_iou_threshold``, above which boxes are of one object; ``masks``, how
        they are pasted, or None; ``window``, whether ``detect`` needs it.

    Raises:
        ValueError: If references are normalised by a rule of their own.
    """
    cfg, model = inferencer.cfg, inferencer.model
    return dict(
        format=FORMAT,
        name=name,
        fingerprint=inferencer.fingerprint,
        image=dict(
            _normalisation(model.data_preprocessor),
            pad_size_divisor=model.data_preprocessor.pad_size_divisor,
            pad_value=model.data_preprocessor.pad_value,
        ),
        reference=dict(_ref_normalisation(model.data_preprocessor), size=list(ref_size)),
        pipeline=inferencer.pipeline.steps,
        ref_pipeline=without_loading(cfg.test_dataloader.dataset.ref_pipeline),
        search=cfg.get('search', {}),
        nms_iou_threshold=inferencer.nms_iou_thr,
        masks=_paste_rule(model),
        window=needs_window(model),
    )


def _normalisation(preprocessor: nn.Module) -> dict[str, Any]:
    mean, std = [0.0] * 3, [1.0] * 3
    if preprocessor._enable_normalize:
        mean, std = preprocessor.mean.flatten().tolist(), preprocessor.std.flatten().tolist()
    return dict(bgr_to_rgb=preprocessor._channel_conversion, mean=mean, std=std)


def _ref_normalisation(preprocessor: nn.Module) -> dict[str, Any]:
    """How references are normalised: as images, or not at all, as the published code does; found by trying."""
    side = preprocessor.pad_size_divisor
    pixels = torch.arange(3.0 * side**2).view(1, 3, side, side) % 256
    as_images = _normalisation(preprocessor)
    for settings in (as_images, dict(as_images, mean=[0.0] * 3, std=[1.0] * 3)):
        mean, std = (torch.tensor(settings[key]).view(3, 1, 1) for key in ('mean', 'std'))
        expected = ((pixels.flip(1) if settings['bgr_to_rgb'] else pixels) - mean) / std
        if torch.equal(preprocessor.normalise_references(pixels), expected):
            return settings
    raise ValueError(
        f'{type(preprocessor).__name__} normalises references neither as images nor not at all, and an exported model '
        'can say nothing else; give it a normalise_references of these'
    )


def _paste_rule(model: nn.Module) -> dict[str, Any] | None:
    head = getattr(model, 'roi_head', None)
    if head is None or not head.with_mask:
        return None
    threshold = head.test_cfg.mask_thr_binary
    if needs_window(model):
        return dict(paste='whole_pixels', threshold=threshold, anti_aliasing=head.mask_head.anti_aliasing)
    return dict(paste='bilinear', threshold=threshold)
