"""Whether anybody reads a setting that a page names."""

import inspect

from mmengine.config import Config, ConfigDict
from mmengine.registry import DATASETS, HOOKS, METRICS, MODELS, OPTIM_WRAPPERS, TRANSFORMS

REGISTRIES = (DATASETS, HOOKS, METRICS, MODELS, OPTIM_WRAPPERS, TRANSFORMS)


def check_option(cfg: Config, key: str) -> None:
    """Check that a setting is in the config, or an argument of the component that it is given to."""
    *path, leaf = key.split('.')
    node = cfg._cfg_dict
    for part in path:
        assert isinstance(node, list) or part in node, key
        node = node[int(part)] if isinstance(node, list) else node[part]
    assert leaf in node or leaf in _arguments(node), key


def _arguments(node: ConfigDict) -> set[str]:
    """Name the arguments of a component and of those that it inherits from."""
    (component,) = {found for registry in REGISTRIES if (found := registry.get(f'mmdet.{node.type}'))}
    return {name for parent in component.__mro__ for name in inspect.signature(parent.__init__).parameters}
