"""The models that come with mmosis, by their names."""

from difflib import get_close_matches
from pathlib import Path

import mmosis
from mmosis.compat import prepare

from .hub.hub_model import fetch_model, is_hub_model
from .onnx.exported_model import FILES

DEFAULT_MODEL = 'siamese_mask_rcnn_lite'
WEIGHTS = Path(mmosis.__file__).parent / 'weights'


def find_model(name: str = DEFAULT_MODEL) -> tuple[Path, Path]:
    """Find the config and the weights of a model that the metafiles name; its weights are part of the package.

    Raises:
        ValueError: If there is no such model, or it comes without weights.
    """
    prepare()
    from mmengine.infer.infer import BaseInferencer

    root = Path(BaseInferencer._get_repo_or_mim_dir('mmosis'))
    models = {model['Name']: model for model in BaseInferencer._get_models_from_metafile(str(root))}
    weighted = {key: model for key, model in models.items() if 'Weights' in model}
    if name not in weighted:
        raise ValueError(unknown_model(name))
    return root / weighted[name]['Config'], WEIGHTS.parent / weighted[name]['Weights']


def model_names() -> list[str]:
    """The models that come with weights; needs no MMEngine."""
    return sorted(path.stem for path in WEIGHTS.glob('*.pth'))


def unknown_model(name: str) -> str:
    """Say that no model is called so, and which are."""
    near = get_close_matches(str(name), model_names(), 1)
    return (
        f'there is no config file or folder {name}, and no model of that name comes with mmosis'
        f'{f": did you mean {near[0]}?" if near else "."} It has {", ".join(model_names())}. Of other models give the '
        'config and the weights'
    )


def is_exported(model: str | Path) -> bool:
    """Whether a model comes exported, or is a folder of an exported one."""
    return any((folder / name).is_file() for folder in (Path(model), WEIGHTS / model) for name in FILES)


def find_exported(model: str | Path = DEFAULT_MODEL) -> Path:
    """Find the folder of an exported model, by its name or as it is given; one of the hub is fetched.

    Raises:
        ConnectionError, ImportError: As :func:`~mmosis.search.hub.hub_model.fetch_model`.
        ValueError: If there is no such model.
    """
    if is_hub_model(model):
        return fetch_model(model)
    if any((WEIGHTS / model / name).is_file() for name in FILES):
        return WEIGHTS / model
    if Path(model).is_dir():
        return Path(model)
    names = sorted(path.parent.name for path in WEIGHTS.glob('*/model.json'))
    raise ValueError(
        f'no exported model {model} comes with mmosis; it has {", ".join(names) or "none"}. Of other models give the '
        'folder that tools/deployment/export_onnx.py wrote, or search with torch'
    )
