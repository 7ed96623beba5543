"""Suppress, by name, notices of MMEngine and MMDetection that a user of our commands can do nothing about."""

import io
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TextIO

# What MMEngine prints while mmdet is imported, or a model for searches is made.
PRINTED = re.compile(
    r'Could not import OneDL\. Skipping OneDL datasets\.'  # mmdet's, of data sets that are never read here
    r'|Loads checkpoint by \w+ backend from path: .*'  # the command line names it
)
# Message, category and module that is warned, as in warnings.filterwarnings.
WARNED = (
    ('`broadcast_buffers` is deprecated', FutureWarning, r'mmengine\.model\.wrappers'),
    (r'Warning: The \w+ is out of bounds', UserWarning, r'mmengine\.visualization'),  # objects at the edge of an image
    (r'.*OneShotLocalVisualizer.* instance named of .* has been created', UserWarning, r'mmengine\.utils\.manager'),
    ('pkg_resources is deprecated as an API', UserWarning, r'mmengine\.'),
    ('.*invalid escape sequence', SyntaxWarning, r'.*[/\\](mmengine|mmcv|mmdet|mmpretrain)[/\\]'),
)


@contextmanager
def quiet_imports() -> Iterator[None]:
    """Import what a command needs without the notices that MMEngine and MMDetection print; for our commands alone.

    Their warnings in WARNED are ignored from now on, in the whole process.
    """
    for message, category, module in WARNED:
        warnings.filterwarnings('ignore', message, category, module)
    with redirect_stdout(_UnknownLines(sys.stdout)):
        yield


class _UnknownLines(io.TextIOBase):
    """Passes lines on to a stream, but for known ones; also after the block, where a logger of MMEngine has kept it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._begun = stream, ''

    def write(self, text: str) -> int:
        *lines, self._begun = (self._begun + text).split('\n')
        for line in lines:
            if not PRINTED.fullmatch(line):
                self._stream.write(f'{line}\n')
        return len(text)

    def flush(self) -> None:
        self._stream.flush()
