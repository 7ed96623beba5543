"""The folder of an exported model, checked as it is read."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypedDict

import msgspec
from msgspec import Meta

from mmosis.search.first_format import FIRST_FORMAT
from mmosis.utils.errors import DamagedError

FORMAT = 2  # of the folder; tools/deployment/export_onnx.py writes it
SPEC = 'model.json'
GRAPHS = ('features', 'references', 'detect')
FILES = (SPEC, *(f'{graph}.onnx' for graph in GRAPHS))

_Number = Annotated[float, Meta(ge=-1e308, le=1e308)]  # which nan is not
_Colour = Annotated[list[_Number], Meta(min_length=3, max_length=3)]
_Scale = Annotated[list[Annotated[float, Meta(gt=0, le=1e308)]], Meta(min_length=3, max_length=3)]


class _Normalisation(TypedDict):
    bgr_to_rgb: bool
    mean: _Colour
    std: _Scale


class _Image(_Normalisation):
    pad_size_divisor: Annotated[int, Meta(ge=1)]
    pad_value: _Number


class _Reference(_Normalisation):
    size: Annotated[list[int], Meta(min_length=2, max_length=2)]


class _Step(TypedDict):
    type: str


class _Masks(TypedDict):
    paste: str
    threshold: _Number


class _Spec(TypedDict):
    """What ``model.json`` needs; :func:`mmosis.deployment.spec.describe` writes it."""

    fingerprint: str
    image: _Image
    reference: _Reference
    pipeline: list[_Step]
    ref_pipeline: list[_Step]
    search: dict
    nms_iou_threshold: Annotated[float, Meta(ge=0, le=1)]
    masks: _Masks | None
    window: bool


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
    try:
        msgspec.convert(spec, _Spec)
    except msgspec.ValidationError as error:
        raise damaged(folder, f'{SPEC}: {error}') from error
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


def _fits(taken: Sequence, given: Sequence) -> bool:
    """Whether sizes that both know are the same; others are texts or None."""
    pairs = zip(taken, given, strict=False)
    return all(a == b for a, b in pairs if isinstance(a, int) and isinstance(b, int))
