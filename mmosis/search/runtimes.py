"""make_inferencer: choose the runtime of a search, torch or ONNX Runtime, which starts at once."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mmosis.utils.cores import limit_threads
from mmosis.utils.install import install_hint

from .base import SearchBase
from .hub.hub_model import fetch_model, is_hub_model
from .model_zoo import DEFAULT_MODEL, is_exported, model_names, unknown_model
from .options import SearchOptions

RUNTIMES = ('torch', 'onnx')
PACKAGES = dict(torch=('mmdet', 'onedl'), onnx=('onnxruntime', 'light'))


def make_inferencer(
    model: str = DEFAULT_MODEL,
    weights: str | None = None,
    device: str | None = None,
    precision: str | None = None,
    runtime: str | None = None,
    options: SearchOptions | None = None,
    **changes: Any,
) -> SearchBase:
    """Make an inferencer on the runtime that the arguments ask for.

    Args:
        model: Name of a model, a config file, the folder of an exported or a published model, or ``hf://owner/name``
            on the hub, see :func:`~mmosis.search.hub.hub_model.fetch_model`.
        weights: Checkpoint of the config.
        device: Torch's; 'auto' is as if none were given, and ONNX Runtime too runs on the 'cpu'.
        precision: 'fp32', the default, or 'bf16'.
        runtime: One of RUNTIMES; by default ONNX Runtime where it is installed, the model comes exported and nothing is
            asked for that only torch has.
        options, **changes: As in :class:`~mmosis.search.OneShotInferencer`.

    Raises:
        ConnectionError: If a model of the hub cannot be fetched.
        ImportError: If the runtime is not installed.
        ValueError: If there is no such runtime or model, ONNX Runtime is asked for what only torch has, or the model
            cannot be used.
    """
    device = None if device == 'auto' else device
    model = str(fetch_model(model)) if is_hub_model(model) else model
    of_torch = dict(weights=weights, device=None if device == 'cpu' else device, precision=precision)
    asked = [name for name, value in of_torch.items() if value is not None]
    light = not asked and is_exported(model) and find_spec('onnxruntime') is not None
    runtime = runtime or ('onnx' if light else 'torch')
    if runtime not in RUNTIMES:
        raise ValueError(f'runtime must be one of {", ".join(RUNTIMES)}, got {runtime!r}')
    if runtime == 'onnx' and asked:
        raise ValueError(f'{", ".join(asked)} can be given to torch alone; omit it, or take runtime torch')
    if not (is_exported(model) or model in model_names() or Path(model).expanduser().exists()):
        raise ValueError(unknown_model(model))
    _require(runtime, model, asked)
    if runtime == 'torch':
        from .inferencer import OneShotInferencer

        limit_threads()
        return OneShotInferencer(model, weights, device, precision=precision or 'fp32', options=options, **changes)
    from .onnx.light_inferencer import LightInferencer

    return LightInferencer(model, options=options, **changes)


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
