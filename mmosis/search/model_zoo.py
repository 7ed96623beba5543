"""The models that come with mmosis, by their names."""

from pathlib import Path

from mmengine.infer.infer import BaseInferencer

import mmosis

DEFAULT_MODEL = 'siamese_mask_rcnn_lite'


def find_model(name: str = DEFAULT_MODEL) -> tuple[Path, Path]:
    """Find the config and the weights of a model that the metafiles name; its weights are part of the package.

    Raises:
        ValueError: If there is no such model, or it comes without weights.
    """
    root = Path(BaseInferencer._get_repo_or_mim_dir('mmosis'))
    models = {model['Name']: model for model in BaseInferencer._get_models_from_metafile(str(root))}
    weighted = {key: model for key, model in models.items() if 'Weights' in model}
    if name not in weighted:
        raise ValueError(
            f'there is no config file {name}, and no model of that name comes with mmosis; it has '
            f'{", ".join(weighted)}. Of other models give the config and the weights'
        )
    return root / weighted[name]['Config'], Path(mmosis.__file__).parent / weighted[name]['Weights']
