"""What ``import mmosis`` and ``prepare()`` do to a process, and what they leave as it was."""

import ast
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest
from fresh_process import run_fresh

import mmosis
from mmosis.compat import preparation, prepare, versions

PACKAGE = Path(mmosis.__file__).parent
ROOT = Path(__file__).parents[2]
# Imports mmdet without a call of prepare(), since utils imports nothing of ours, or it is the inferencer's own.
CALLED_BY_OTHERS = {'mmosis/utils/coco_file.py', 'mmosis/search/mixed_precision.py'}

SNAPSHOT = """
import builtins, sys, warnings
import six  # mmdet imports it, and it adds a finder
import mmengine.logging.logger, mmengine.registry, mmengine.runner, pycocotools.coco, scipy.sparse, scipy.special
from mmengine.config.utils import MODULE2PACKAGE
from mmengine.logging import MMLogger
from mmengine.runner import CheckpointLoader

def snapshot():
    loggers = MMLogger._instance_dict.items()
    registries = mmengine.registry.MODEL_WRAPPERS, mmengine.registry.STRATEGIES
    return dict(
        finders=list(sys.meta_path),
        builtins=dict(vars(builtins)),
        warnings=list(warnings.filters),
        packages=dict(MODULE2PACKAGE),
        loaders=dict(CheckpointLoader._schemes),
        logger_class=dict(vars(MMLogger)),
        loggers={name: (list(logger.filters), list(logger.handlers)) for name, logger in loggers},
        prints=['print' in vars(module) for module in (mmengine.logging.logger, pycocotools.coco)],
        registries=[type(registry._module_dict) for registry in registries],
    )

MMLogger.get_current_instance()
before = snapshot()
"""
CHECK = """
after = snapshot()
changed = {name: (before[name], after[name]) for name in before if before[name] != after[name]}
packages = changed.pop('packages', None)
assert not changed, changed
"""
OURS = "assert packages[1] == dict(packages[0], mmosis='mmosis.registry')\nimport mmcv._ext\n"
# A checkpoint that its user trusts, as MMEngine 0.x wrote them.
OWN_CHECKPOINT = """
import sys, torch
import mmosis, mmosis.models
from mmengine.config import Config
from mmengine.runner import CheckpointLoader, load_checkpoint
from mmosis.compat.checkpoint import safe_loading

path = sys.argv[1]
layer = torch.nn.Linear(1, 1)
torch.save(dict(meta=dict(cfg=Config(dict(lr=1))), state_dict=layer.state_dict()), path)
assert load_checkpoint(layer, path)['meta']['cfg'].lr == 1
with safe_loading():
    try:
        CheckpointLoader.load_checkpoint(path)
    except ValueError as error:
        assert 'cannot be loaded' in str(error), error
    else:
        raise AssertionError('it was loaded')
assert load_checkpoint(layer, path)['meta']['cfg'].lr == 1
"""


def test_imports_leave_the_process_as_it_was(tmp_path: Path) -> None:
    run_fresh(
        f'{SNAPSHOT}import mmosis, mmosis.search\n{CHECK}assert packages is None\nassert "mmcv" not in sys.modules\n'
        f'import mmosis.models\n{CHECK}{OURS}',
        tmp_path,
    )


@pytest.mark.parametrize('first', ['import mmdet.registry, mmosis.models', 'import mmosis.registry'])
def test_whatever_comes_first(first: str, tmp_path: Path) -> None:
    run_fresh(f'{SNAPSHOT}{first}\n{CHECK}{OURS}', tmp_path)


def test_nothing_heavy_comes_with_the_package() -> None:
    heavy = ('torch', 'mmengine', 'mmcv', 'mmdet', 'scipy.special', 'onnxruntime')
    for program in (
        'import mmosis.cli, sys; assert not {"numpy", "cv2"} & set(sys.modules)',
        f'import mmosis.search, sys; assert not {set(heavy)!r} & set(sys.modules)',
    ):
        result = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr


@pytest.mark.skipif(
    'onedl-mmengine' not in {distribution.name for distribution in distributions()},
    reason='MMEngine 0.10.7 loads no such checkpoint on torch >= 2.6, with or without mmosis',
)
def test_the_users_own_checkpoints_load_by_mmengines_loader(tmp_path: Path) -> None:
    run_fresh(OWN_CHECKPOINT, tmp_path, tmp_path / 'own.pth')


def test_a_version_that_will_not_do_is_refused_at_every_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, 'find_problem', lambda *_: 'its mmdet is too old')
    prepare.cache_clear()
    for _ in range(2):
        with pytest.raises(ImportError, match='mmosis cannot run here: its mmdet is too old'):
            prepare()
    monkeypatch.undo()
    prepare()


def test_further_calls_do_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare()
    monkeypatch.setattr(preparation, 'check_versions', lambda: pytest.fail('it was called again'))
    prepare()


def calls_prepare_first(path: Path) -> bool:
    """Whether a module calls prepare() before it imports anything but it, at its top or under an ``if``."""
    for statement in ast.parse(path.read_text()).body:
        text = ast.unparse(statement)
        if 'prepare()' in text and isinstance(statement, ast.Expr | ast.If):
            return True
        if 'mmdet' in text and isinstance(statement, ast.Import | ast.ImportFrom):
            return False
    return False


def test_who_imports_mmdet_is_prepared() -> None:
    unprepared = set()
    for path in [*PACKAGE.rglob('*.py'), *(ROOT / 'projects').rglob('*.py')]:
        tree = ast.parse(path.read_text())
        names = [node.module or '' for node in tree.body if isinstance(node, ast.ImportFrom) and not node.level]
        names += [alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names]
        packages = [folder / '__init__.py' for folder in path.parents if (folder / '__init__.py').is_file()]
        if {'mmdet', 'mmcv'} & {name.split('.')[0] for name in names} and not any(
            calls_prepare_first(module) for module in (path, *packages)
        ):
            unprepared.add(path.relative_to(ROOT).as_posix())
    assert unprepared == CALLED_BY_OTHERS
