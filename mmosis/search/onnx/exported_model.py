"""The folder of an exported model, checked as it is read."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import NoneType
from typing import Any

import numpy as np

from mmosis.search.first_format import FIRST_FORMAT
from mmosis.utils.errors import DamagedError

FORMAT = 2  # of the folder; tools/deployment/export_onnx.py writes it
SPEC = 'model.json'
GRAPHS = ('features', 'references', 'detect')
FILES = (SPEC, *(f'{graph}.onnx' for graph in GRAPHS))

_NUMBER = (int, float)
_NORMALISATION = dict(bgr_to_rgb=bool, mean=list, std=list)
_COUNTS = dict(mean=3, std=3, size=2)  # numbers in these lists
_TYPES = dict(
    fingerprint=str,
    image=dict(_NORMALISATION, pad_size_divisor=int, pad_value=_NUMBER),
    reference=dict(_NORMALISATION, size=list),
    pipeline=list,
    ref_pipeline=list,
    search=dict,
    nms_iou_threshold=_NUMBER,
    masks=(dict, NoneType),
    window=bool,
)


def read_spec(folder: Path) -> dict[str, Any]:
    """Read ``model.json``.

    Raises:
        DamagedError: If it is broken, or a file of the folder is missing.
        FileNotFoundError: If it is no folder of an exported model.
        ValueError: If it is of another version.
    """
    missing = [name for name in FILES if not (folder / name).is_file()]
    if len(missing) == len(FILES):
        raise FileNotFoundError(
            f'{folder} is no exported model, {", ".join(missing)} missing; tools/deployment/export_onnx.py makes one'
        )
    if missing:
        raise damaged(folder, f'{", ".join(missing)} missing')
    try:
        spec = json.loads((folder / SPEC).read_text('utf-8'))
    except (ValueError, RecursionError) as error:
        raise damaged(folder, f'{SPEC} is no JSON: {error}') from error
    if not isinstance(spec, dict):
        raise damaged(folder, f'{SPEC} has no settings, but {type(spec).__name__}')
    if spec.get('format') not in (FIRST_FORMAT, FORMAT):
        raise ValueError(
            f'{folder} has format {spec.get("format")}, this version of mmosis reads {FIRST_FORMAT} to {FORMAT}; '
            'export it again'
        )
    _check_types(spec, _TYPES, folder)
    _check_ranges(spec, folder)
    if not all(isinstance(step, dict) and 'type' in step for step in spec['pipeline'] + spec['ref_pipeline']):
        raise damaged(folder, f'a step of a pipeline in {SPEC} has no type')
    if spec['masks'] is not None and not {'paste', 'threshold'} <= set(spec['masks']):
        raise damaged(folder, f'masks in {SPEC} is {str(spec["masks"])[:100]}')
    return spec


def check_graphs(graphs: Mapping[str, Any], folder: Path) -> None:
    """Check that graphs take what the ones before them give, by names and fixed sizes.

    Args:
        graphs: Sessions of ONNX Runtime by name, in the order of GRAPHS.
        folder: Theirs.

    Raises:
        DamagedError: If they belong elsewhere.
    """
    given = dict(pixels=(None, 3), masks=(None, 1), img_shape=(2,), window=(4,))
    for name in GRAPHS:
        for each in graphs[name].get_inputs():
            if each.name not in given or not _fits(each.shape, given[each.name]):
                raise damaged(folder, f'{name}.onnx takes {each.name} {each.shape}, and no graph before gives it')
        given |= {each.name: each.shape for each in graphs[name].get_outputs()}
    missing = sorted({'level0', 'bboxes', 'scores'} - set(given))
    if not any(name.startswith('query') for name in given):
        missing.append('a query')
    if missing:
        raise damaged(folder, f'no graph gives {", ".join(missing)}')


def damaged(folder: Path, reason: str) -> DamagedError:
    """Say what is wrong with a folder."""
    reason = reason.strip().split('\n', 1)[0][:300]
    return DamagedError(
        f'{folder} is a damaged exported model ({reason}); export it again by tools/deployment/export_onnx.py, or '
        'install mmosis again if the model came with it'
    )


def _check_types(spec: Mapping, types: Mapping, folder: Path, where: str = '') -> None:
    for key, expected in types.items():
        wanted = dict if isinstance(expected, Mapping) else expected
        if key not in spec or not isinstance(spec[key], wanted):
            raise damaged(folder, f'{where}{key} in {SPEC} is {str(spec.get(key, "missing"))[:100]}')
        if isinstance(expected, Mapping):
            _check_types(spec[key], expected, folder, f'{key}.')
        if key in _COUNTS and not _are_numbers(spec[key], _COUNTS[key]):
            raise damaged(folder, f'{where}{key} in {SPEC} is {str(spec[key])[:100]}')


def _check_ranges(spec: Mapping, folder: Path) -> None:
    divisor, threshold = spec['image']['pad_size_divisor'], spec['nms_iou_threshold']
    if divisor < 1:
        raise damaged(folder, f'image.pad_size_divisor in {SPEC} is {divisor}')
    if not 0 <= threshold <= 1:  # NaN too
        raise damaged(folder, f'nms_iou_threshold in {SPEC} is {threshold}')
    for part in ('image', 'reference'):
        if min(spec[part]['std']) <= 0:
            raise damaged(folder, f'{part}.std in {SPEC} is {spec[part]["std"]}')


def _are_numbers(values: Sequence, count: int) -> bool:
    return len(values) == count and all(isinstance(value, _NUMBER) and np.isfinite(value) for value in values)


def _fits(taken: Sequence, given: Sequence) -> bool:
    """Whether sizes that both know are the same; others are texts or None."""
    pairs = zip(taken, given, strict=False)
    return all(a == b for a, b in pairs if isinstance(a, int) and isinstance(b, int))
