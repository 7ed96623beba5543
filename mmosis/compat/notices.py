"""Leaves out, by name, what the hosts say that a user can do nothing about; whatever is not listed here is said."""

import logging
import re
import warnings
from collections.abc import Iterable
from importlib import import_module

# What MMEngine's print_log says, by print() or by an MMLogger.
LOGGED = (
    r'Could not import OneDL\. Skipping OneDL datasets\.',  # mmdet's, of data sets that are never read here
    r'Loads checkpoint by \w+ backend from path: .*',  # the Runner says it again, in words
    r'Auto resumed from the latest checkpoint None\.',  # it said before that there is none
    r'"FileClient" will be deprecated in future\. .*',  # MMEngine's own CheckpointHook asks for one
    r'"HardDiskBackend" is the alias of "LocalBackend" .*',
    r'The prefix is not set in metric class (OneShotCoco|CocoFile)Metric\.',  # they name what they measure themselves
)
# Modules, and what they print().
PRINTED = {
    'mmengine.logging.logger': LOGGED,
    'pycocotools.coco': (
        r'loading annotations into memory\.\.\.',
        r'Done \(t=.*s\)',
        r'creating index\.\.\.',
        r'index created!',
    ),
}
# Message, category and module that is warned, as in warnings.filterwarnings.
WARNED = (
    ('`broadcast_buffers` is deprecated', FutureWarning, r'mmengine\.model\.wrappers'),
    (r'Warning: The \w+ is out of bounds', UserWarning, r'mmengine\.visualization'),  # objects at the edge of an image
    (r'.*OneShotLocalVisualizer.* instance named of .* has been created', UserWarning, r'mmengine\.utils\.manager'),
    ('pkg_resources is deprecated as an API', UserWarning, r'mmengine\.'),
    ('.*invalid escape sequence', SyntaxWarning, r'.*[/\\](mmengine|mmcv|mmdet|mmpretrain)[/\\]'),
)


def leave_out_warnings() -> None:
    """Silence what MMEngine warns of while it is imported; to be called before."""
    for message, category, module in WARNED:
        warnings.filterwarnings('ignore', message, category, module)


def leave_out_lines() -> None:
    """Silence what the hosts print and log; MMEngine is imported, and mmdet, which prints, is not."""
    for module, lines in PRINTED.items():
        _leave_out_prints(module, _compile(lines))
    _leave_out_records(_compile(LOGGED))


def _leave_out_prints(module: str, known: re.Pattern) -> None:
    """Put a print() into the module that leaves out known lines; that of all others stays."""

    def print_unknown(*values: object, **options: object) -> None:
        if not (len(values) == 1 and known.fullmatch(str(values[0]))):
            print(*values, **options)

    import_module(module).print = print_unknown


def _leave_out_records(known: re.Pattern) -> None:
    """Filter all of MMEngine's loggers, those that there are and those to come."""
    mm_logger = import_module('mmengine.logging').MMLogger

    def filter_known(logger: logging.Logger, record: logging.LogRecord) -> bool | logging.LogRecord:
        return not known.fullmatch(str(record.msg)) and logging.Logger.filter(logger, record)

    mm_logger.filter = filter_known


def _compile(lines: Iterable[str]) -> re.Pattern:
    return re.compile('|'.join(lines), re.DOTALL)
