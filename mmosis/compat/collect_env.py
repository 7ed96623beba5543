"""Environment report: ``python -m mmosis.compat.collect_env``."""

from mmosis.compat import prepare

prepare()

import torch
from mmdet.utils import collect_env as collect_mmdet_env

from mmosis import __version__
from mmosis.compat.ops import describe_ops
from mmosis.compat.versions import find_suppliers, installed_versions


def collect_env() -> dict[str, object]:
    """Report versions, devices and the ops in use.

    Returns:
        MMDetection's own report, then mmosis, the distributions that supply mmengine, mmcv and mmdet (which show the
        family), CPU threads and the source of NMS and RoIAlign.
    """
    installed = installed_versions()
    suppliers = {package: f'{name} {installed[name]}' for package, name in find_suppliers(installed).items()}
    report = {**collect_mmdet_env(), 'mmosis': __version__, **suppliers}
    return {**report, 'CPU threads': torch.get_num_threads(), 'mmcv ops': describe_ops()}


if __name__ == '__main__':
    for name, value in collect_env().items():
        print(f'{name}: {value}')
