"""The hosts' idle notices are left out, and nothing else."""

import importlib
import warnings

import pytest
from mmengine.logging import MMLogger, print_log
from pycocotools.coco import COCO

from mmosis.compat import notices

IDLE = (
    'Could not import OneDL. Skipping OneDL datasets.',
    'Loads checkpoint by local backend from path: a.pth',
    'Auto resumed from the latest checkpoint None.',
    '"FileClient" will be deprecated in future. Please use io functions in https://onedl-mmengine.readthedocs.io',
    '"HardDiskBackend" is the alias of "LocalBackend" and the former will be deprecated in future.',
    'The prefix is not set in metric class OneShotCocoMetric.',
)
WANTED = (
    'Could not import OneDL.',
    'Auto resumed from the latest checkpoint a.pth.',
    'Did not find last_checkpoint to be resumed.',
    'The prefix is not set in metric class AnotherMetric.',
    'index created!',
)
VISUALIZER = (
    "<class '{}'> instance named of visualizer has been created, the method `get_instance` should not accept any other "
    'arguments'
)


def test_prints_of_mmengine(capsys: pytest.CaptureFixture) -> None:
    for line in (*IDLE, *WANTED):
        print_log(line)
    assert capsys.readouterr().out.splitlines() == list(WANTED)


def test_records_of_any_logger_of_mmengine(capfd: pytest.CaptureFixture) -> None:
    logger = MMLogger('notices')
    for line in (*IDLE, *WANTED):
        logger.warning(line)
    logger.debug('below the level')
    printed = capfd.readouterr().out.splitlines()
    assert [line.split(' - ')[-1] for line in printed] == list(WANTED)


def test_prints_of_pycocotools(capsys: pytest.CaptureFixture) -> None:
    coco = COCO()
    coco.dataset = dict(info=dict(year=2014))
    coco.createIndex()
    coco.info()
    assert capsys.readouterr().out == 'year: 2014\n'


def test_a_print_of_others_stays(capsys: pytest.CaptureFixture) -> None:
    print('creating index...')
    print(IDLE[0])
    assert capsys.readouterr().out == f'creating index...\n{IDLE[0]}\n'


@pytest.mark.parametrize(
    ('message', 'category', 'where', 'told'),
    [
        ('`broadcast_buffers` is deprecated. Use', FutureWarning, 'mmengine.model.wrappers.distributed', False),
        ('`broadcast_buffers` is deprecated. Use', FutureWarning, 'my_package.wrappers', True),
        ('`init_buffers` is deprecated', FutureWarning, 'mmengine.model.wrappers.distributed', True),
        ('Warning: The bbox is out of bounds, the', UserWarning, 'mmengine.visualization.visualizer', False),
        ('Warning: The polygon is out of bounds, the', UserWarning, 'mmengine.visualization.visualizer', False),
        ('Warning: The bbox is out of bounds, the', UserWarning, 'my_package', True),
        (
            VISUALIZER.format('mmosis.OneShotLocalVisualizer'),
            UserWarning,
            'mmengine.utils.manager',
            False,
        ),
        (VISUALIZER.format('my_package.Visualizer'), UserWarning, 'mmengine.utils.manager', True),
        ('pkg_resources is deprecated as an API.', UserWarning, 'mmengine.config.utils', False),
        ('pkg_resources is deprecated as an API.', UserWarning, 'my_package', True),
        (r"invalid escape sequence '\d'", SyntaxWarning, '/lib/mmdet/models/a', False),
        (r'"\d" is an invalid escape sequence.', SyntaxWarning, '/lib/mmpretrain/a', False),
        (r"invalid escape sequence '\d'", SyntaxWarning, '/lib/my_package/a', True),
    ],
)
def test_warnings(message: str, category: type, where: str, told: bool) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        notices.leave_out_warnings()
        warnings.warn_explicit(message, category, 'a.py', 1, where)
    assert bool(caught) is told


def test_every_module_still_prints() -> None:
    """A host that says it elsewhere by now must not go unnoticed."""
    for module in notices.PRINTED:
        assert 'print(' in importlib.import_module(module).__loader__.get_source(module)
