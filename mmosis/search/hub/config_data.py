"""Configs as data: what a search needs of one, in JSON, and checked as it is read, for it may be a stranger's.

MMEngine's own configs are programs, and a type in one may be any function of any package, by its dotted path. Here a
type is the name of a component that mmosis, MMDetection, MMCV or torch has registered, and a text is a single word, so
that nothing in it is a path, an address or an expression.
"""

import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

KEYS = ('model', 'test_dataloader', 'visualizer', 'search', 'default_scope')
TUPLE = '__tuple__'  # {TUPLE: [1, 2]} is (1, 2): some components take lists alone, and some tuples
OF_FILES = ('init_cfg', 'pretrained', 'checkpoint')  # ends of keys of what is read when a training begins
_WORD = re.compile(r'\w{0,64}', re.ASCII)
_COMPONENTS = ('datasets', 'models', 'visualization')
_REGISTRIES = ('MODELS', 'TASK_UTILS', 'TRANSFORMS', 'VISUALIZERS')
_OURS = ('mmosis.', 'mmdet.', 'mmcv.', 'mmengine.', 'torch.')
_NOT_THESE = ('mmdet.models.language_models',)  # they fetch more models
_IN_NO_REGISTRY = ('nms', 'soft_nms', 'RoIAlign')  # MMDetection looks for them in MMCV's ops


def config_to_data(cfg: Mapping) -> dict[str, Any]:
    """Take what a search needs out of a config, as plain values for JSON.

    Raises:
        ValueError: If a value is not plain.
    """
    dataset = cfg['test_dataloader']['dataset']
    visualizer = {key: value for key, value in cfg['visualizer'].items() if key != 'vis_backends'}
    kept = dict(
        model={key: value for key, value in cfg['model'].items() if key != 'train_cfg'},
        test_dataloader=dict(dataset={key: dataset[key] for key in ('pipeline', 'ref_pipeline')}),
        search=cfg.get('search', {}),
        visualizer=visualizer,
        default_scope='mmdet',
    )
    return _encode(kept, 'config')


def config_from_data(data: Any) -> dict[str, Any]:
    """Read what :func:`config_to_data` wrote, or somebody else.

    Raises:
        ValueError: If there is anything in it that is not the config of a search; the message says where.
    """
    if not isinstance(data, dict) or not set(KEYS[:3]) <= data.keys() <= set(KEYS):
        names = ', '.join(map(str, data)) if isinstance(data, dict) else type(data).__name__
        raise ValueError(f'it must have {", ".join(KEYS[:3])}, and at most {", ".join(KEYS)}; got {names[:200]}')
    if data.get('default_scope', 'mmdet') != 'mmdet':
        raise ValueError(f'default_scope must be mmdet, got {data["default_scope"]!r}')
    known = _known_types()
    read = {key: _decode(value, key, known) for key, value in data.items()}
    for part in (read['model'], read['visualizer']):
        if not isinstance(part, dict) or 'type' not in part:
            raise ValueError('model and visualizer must have a type')
    dataset = read['test_dataloader'].get('dataset') if isinstance(read['test_dataloader'], dict) else None
    if not isinstance(dataset, dict) or dataset.keys() != {'pipeline', 'ref_pipeline'}:
        raise ValueError('test_dataloader.dataset must have pipeline and ref_pipeline alone')
    return read


def _encode(value: Any, place: str) -> Any:
    if isinstance(value, Mapping):
        kept = {str(key): each for key, each in value.items() if not str(key).endswith(OF_FILES)}
        return {key: _encode(each, f'{place}.{key}') for key, each in kept.items()}
    if isinstance(value, tuple):
        return {TUPLE: [_encode(each, place) for each in value]}
    if isinstance(value, list):
        return [_encode(each, place) for each in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ValueError(f'{place} is no plain value, but {type(value).__name__}; it cannot be published')


def _decode(value: Any, place: str, known: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        if list(value) == [TUPLE] and isinstance(value[TUPLE], list):
            return tuple(_decode(each, place, known) for each in value[TUPLE])
        for key, each in value.items():
            _check_key(key, each, place, known)
        return {key: _decode(each, f'{place}.{key}', known) for key, each in value.items()}
    if isinstance(value, list):
        return [_decode(each, place, known) for each in value]
    if isinstance(value, str) and not _WORD.fullmatch(value):
        raise ValueError(f'{place} must be a word of letters and digits, got {value[:80]!r}')
    return value


def _check_key(key: str, value: Any, place: str, known: Mapping[str, Any]) -> None:
    if not _WORD.fullmatch(key) or key.startswith('_') or key.endswith(OF_FILES):
        raise ValueError(f'{place} has the key {key[:80]!r}, which no published config has')
    if key != 'type':
        return
    if not isinstance(value, str) or value not in known:
        raise ValueError(
            f'{place}.type must be the name of a component of mmosis or MMDetection, got {str(value)[:80]!r}'
        )
    if place == 'model' and not getattr(known[value], '__module__', '').startswith('mmosis.'):
        raise ValueError(f'model.type must be a detector of mmosis, got {value!r}')


def _known_types() -> dict[str, Any]:
    """Components that are registered by us and by those that we build on, by name."""
    for name in _COMPONENTS:
        import_module(f'mmosis.{name}')
    registries = import_module('mmdet.registry')
    known: dict[str, Any] = dict.fromkeys(_IN_NO_REGISTRY)
    for name in _REGISTRIES:
        registry = getattr(registries, name)
        while registry is not None:
            registry.import_from_location()
            known = {key: part for key, part in registry.module_dict.items() if _is_ours(part)} | known
            registry = registry.parent
    return known


def _is_ours(part: Any) -> bool:
    module: Sequence[str] | str = getattr(part, '__module__', '') or ''
    return module.startswith(_OURS) and not module.startswith(_NOT_THESE)
