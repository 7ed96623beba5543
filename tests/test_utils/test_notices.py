"""Idle notices of MMEngine and MMDetection are suppressed, and nothing else."""

import warnings
from contextlib import suppress

import pytest
from mmengine.logging import MMLogger, print_log

from mmosis.utils.notices import quiet_imports

IDLE = (
    'Could not import OneDL. Skipping OneDL datasets.',
    'Loads checkpoint by local backend from path: a.pth',
)
WANTED = (
    'Could not import OneDL.',
    '',
    'Did not find last_checkpoint to be resumed.',
    'creating index...',
)
VISUALIZER = (
    "<class '{}'> instance named of visualizer has been created, the method `get_instance` should not accept any other "
    'arguments'
)


def test_prints_in_the_block(capsys: pytest.CaptureFixture) -> None:
    with quiet_imports():
        for line in (*IDLE, *WANTED):
            print_log(line)
    assert capsys.readouterr().out.splitlines() == list(WANTED)


def test_prints_after_the_block_stay(capsys: pytest.CaptureFixture) -> None:
    with quiet_imports():
        pass
    print(IDLE[0])
    assert capsys.readouterr().out == f'{IDLE[0]}\n'


def test_prints_before_an_error_are_reported(capsys: pytest.CaptureFixture) -> None:
    with suppress(ImportError), quiet_imports():
        print('first', 'second', sep='\n')
        raise ImportError
    assert capsys.readouterr().out == 'first\nsecond\n'


def test_a_logger_that_was_made_in_the_block_goes_on(capsys: pytest.CaptureFixture) -> None:
    with quiet_imports():
        logger = MMLogger('notices')
        logger.warning('in the block')
    logger.warning('after it')
    assert [line.split(' - ')[-1] for line in capsys.readouterr().out.splitlines()] == ['in the block', 'after it']


@pytest.mark.parametrize(
    ('message', 'category', 'where', 'shown'),
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
def test_warnings(message: str, category: type, where: str, shown: bool) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        with quiet_imports():
            pass
        warnings.warn_explicit(message, category, 'a.py', 1, where)
    assert bool(caught) is shown
