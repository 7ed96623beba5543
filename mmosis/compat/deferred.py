"""Put off what the hosts import at once and a search never uses (plots, splines, augmenters, a compiler): seconds.

In the modules listed here, an import at the top is run where its name is first used, as its author might have written
it, and as Python 3.15 does it for ``lazy import``. There are no stand-ins: a package is imported or it is not, and one
that is not installed is missed as early as before. An import whose name is used while the module is imported, as a base
class or a decorator, stays where it is; so does one that is not understood, see
:func:`~mmosis.compat.late_imports.put_off`.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import decode_source, find_spec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any
from zlib import crc32

from . import late_imports
from .late_entries import LateEntries
from .late_imports import LATE, put_off

# Modules of the hosts, and the packages, or modules or names in them, that they may import late. The originals lack a
# few of the modules.
DEFERRED = {
    'mmdet.datasets.transforms.generate_line': ('imgaug', 'scipy'),
    'mmdet.datasets.transforms.transforms': ('imagecorruptions',),
    'mmdet.evaluation.metrics.crowdhuman_metric': ('scipy',),
    'mmdet.evaluation.metrics.culane_metric': ('scipy',),
    'mmdet.models.dense_heads.clr_head.clr_head': ('matplotlib',),
    'mmdet.models.dense_heads.clr_head.lane': ('scipy',),
    'mmdet.models.task_modules.assigners.hungarian_assigner': ('scipy',),
    'mmdet.models.task_modules.assigners.topk_hungarian_assigner': ('scipy',),
    'mmdet.models.task_modules.tracking.aflink': ('scipy',),
    'mmdet.models.task_modules.tracking.kalman_filter': ('scipy',),
    'mmdet.models.trackers.sort_tracker': ('scipy',),
    'mmdet.utils.mot_error_visualize': ('matplotlib', 'seaborn'),
    'mmdet.visualization.local_visualizer': ('matplotlib', 'seaborn'),
    'mmengine._strategy': ('mmengine._strategy.fsdp',),
    'mmengine.model': ('mmengine.model.wrappers.MMFullyShardedDataParallel',),
    'mmengine.model.wrappers': ('mmengine.model.wrappers.fully_sharded_distributed',),
    'torch.distributed.optim.named_optimizer': ('torch.distributed.fsdp',),
    'torchvision.ops.roi_align': ('torch._dynamo',),
}
# Those of the modules put off that enter a class into a registry.
ENTRIES = {
    'MODEL_WRAPPERS': {'MMFullyShardedDataParallel': 'mmengine.model.wrappers.fully_sharded_distributed'},
    'STRATEGIES': {'FSDPStrategy': 'mmengine._strategy.fsdp'},
}


def install() -> None:
    """Put off imports in those of the modules that are imported from now on."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def enter_late() -> None:
    """Have MMEngine's registries find the classes of modules that were put off."""
    from mmengine import registry as registries

    for name, modules in ENTRIES.items():
        registry = getattr(registries, name)
        registry._module_dict = LateEntries(registry._module_dict, modules)


class _Finder(MetaPathFinder):
    """Finds the modules where Python does."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target) if fullname in DEFERRED else None
        if spec is not None and type(spec.loader) is SourceFileLoader:
            spec.loader = _Loader(fullname, spec.loader.path)
        return spec


class _Loader(SourceFileLoader):
    """Runs a module without the imports that it can put off; its bytecode has a name of its own, as pytest's has."""

    version = f'mmosis-{crc32(Path(__file__).read_bytes() + Path(late_imports.__file__).read_bytes()):08x}'

    def exec_module(self, module: ModuleType) -> None:
        late = Late(module)
        vars(module).update({LATE: late, '__getattr__': late.of_module})
        super().exec_module(module)

    def source_to_code(self, data: bytes, path: str) -> CodeType:
        package = self.name if self.is_package(self.name) else self.name.rpartition('.')[0]
        tree = put_off(decode_source(data), DEFERRED[self.name], package)
        return compile(tree, path, 'exec', dont_inherit=True)

    def get_data(self, path: str) -> bytes:
        return super().get_data(self._rename(path))

    def set_data(self, path: str, data: bytes, **mode: int) -> None:
        super().set_data(self._rename(path), data, **mode)

    def _rename(self, path: str) -> str:
        return path if path == self.path else str(Path(path).with_suffix(f'.{self.version}.pyc'))


class Late:
    """What a module has put off: callable by its functions, for the names.

    Args:
        module: The module.
    """

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.imports: dict[str, str] = {}

    def instead_of(self, package: str, imports: dict[str, str]) -> None:
        """Take the place of an import.

        Args:
            package: What is imported.
            imports: For each name that the import binds one that binds it alone.

        Raises:
            ModuleNotFoundError: If there is no such package.
        """
        if sys.modules.get(package) is None and find_spec(package) is None:
            raise ModuleNotFoundError(f'No module named {package!r}', name=package)
        for name, statement in imports.items():
            self.imports[name] = f'{self.imports.get(name, "")}{statement}\n'

    def __call__(self, name: str) -> Any:
        """A global of the module, imported at its first use.

        Raises:
            NameError: If the module did not come to import it.
        """
        names = vars(self.module)
        if name not in names:
            if name not in self.imports:
                raise NameError(f'name {name!r} is not defined', name=name)
            exec(self.imports[name], names)
        return names[name]

    def of_module(self, name: str) -> Any:
        """The module's ``__getattr__``.

        Raises:
            AttributeError: If nothing of that name was put off.
        """
        if name not in self.imports:
            raise AttributeError(f'module {self.module.__name__!r} has no attribute {name!r}')
        return self(name)
