"""Which runtime searches: torch, or ONNX Runtime, which starts at once."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from mmosis.utils.cores import limit_threads
from mmosis.utils.install import install_hint

from .base import SearchBase
from .images import MAX_PIXELS
from .model_zoo import DEFAULT_MODEL, is_exported, model_names, unknown_model

RUNTIMES = ('torch', 'onnx')
PACKAGES = dict(torch=('mmdet', 'onedl'), onnx=('onnxruntime', 'light'))


def make_inferencer(
    model: str = DEFAULT_MODEL,
    weights: str | None = None,
    device: str | None = None,
    image_scale: int | None = None,
    precision: str | None = None,
    runtime: str | None = None,
    max_pixels: int = MAX_PIXELS,
    tile: int | None = None,
    overlap: float | None = None,
) -> SearchBase:
    """Make what searches.

    Args:
        model: Name of a model, a config file, or the folder of an exported model.
        weights: Checkpoint of the config.
        device: Torch's; 'auto' is as if none were given, and ONNX Runtime too runs on the 'cpu'.
        image_scale: Longer side of images for the network, in pixels.
        precision: 'fp32', the default, or 'bf16'.
        runtime: One of RUNTIMES; by default ONNX Runtime where it is installed, the model comes exported and nothing is
            asked for that only torch has.
        max_pixels: Image files that have more are refused before they are decoded.
        tile, overlap: Side of the tiles of larger images, in pixels, and what neighbours share; by default as the size
            of the object asks for.

    Raises:
        ImportError: If the runtime is not installed.
        ValueError: If there is no such runtime or model, ONNX Runtime is asked for what only torch has, or the model
            cannot be used.
    """
    device = None if device == 'auto' else device
    of_torch = dict(weights=weights, device=None if device == 'cpu' else device, precision=precision)
    asked = [name for name, value in of_torch.items() if value is not None]
    light = not asked and is_exported(model) and find_spec('onnxruntime') is not None
    runtime = runtime or ('onnx' if light else 'torch')
    if runtime not in RUNTIMES:
        raise ValueError(f'runtime must be one of {", ".join(RUNTIMES)}, got {runtime!r}')
    if runtime == 'onnx' and asked:
        raise ValueError(f'{", ".join(asked)} can be given to torch alone; leave it out, or take runtime torch')
    if not _exists(model):
        raise ValueError(unknown_model(model))
    _require(runtime, model, asked)
    views = dict(image_scale=image_scale, max_pixels=max_pixels, tile=tile, overlap=overlap)
    if runtime == 'torch':
        from .inferencer import OneShotInferencer

        limit_threads()
        return OneShotInferencer(model, weights, device, precision=precision or 'fp32', **views)
    from .onnx.light_inferencer import LightInferencer

    return LightInferencer(model, **views)


def _exists(model: str) -> bool:
    return is_exported(model) or model in model_names() or Path(model).expanduser().exists()


def _require(runtime: str, model: str, asked: Sequence[str]) -> None:
    """Refuse a runtime that is not installed, and say what asks for it."""
    package, extra = PACKAGES[runtime]
    if find_spec(package) is not None:
        return
    reason = f'this search runs on {runtime}'
    if runtime == 'torch' and asked:
        reason = f'{", ".join(asked)} can be given to torch alone'
    elif runtime == 'torch' and not is_exported(model):
        reason = f'model {model} is not exported, so it runs on torch'
    raise ImportError(f'{reason}, and {package} is not installed: {install_hint(extra)}')
