"""The scope ``mmosis``, which MMEngine gives to all that a config inherits by ``_base_ = 'mmosis::...'``.

Our components are registered in mmdet's own registries. The registries of this scope are empty children of those, so
that a look-up falls through to our components and mmdet's. MMEngine imports this module when it meets the scope.
"""

from mmosis.compat import prepare

prepare()

import mmdet.registry
from mmengine.registry import Registry

PARTS = ('datasets', 'engine', 'evaluation', 'models', 'visualization')

REGISTRIES = {
    name: Registry(
        registry.name,
        parent=registry,
        scope='mmosis',
        locations=[f'{package}.{part}' for package in ('mmdet', 'mmosis') for part in PARTS],
    )
    for name, registry in vars(mmdet.registry).items()
    if isinstance(registry, Registry) and registry.scope == 'mmdet'
}
