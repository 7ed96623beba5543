"""Run a stock tool of mmdet, or any script, after :func:`prepare`: ``python -m mmosis.compat TOOL [arguments]``.

mmdet's ``tools/train.py`` needs no help: it imports no ops before the ``custom_imports`` of the config do. Its
``tools/test.py`` and others do, and so stop where mmcv has no compiled ops, whatever the config.
"""

import runpy
import sys

from mmosis.compat import prepare


def main() -> None:
    """Run the script as ``python TOOL [arguments]`` does.

    Raises:
        SystemExit: If no script is named.
    """
    if len(sys.argv) < 2:
        raise SystemExit('usage: python -m mmosis.compat TOOL [arguments]')
    prepare()
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name='__main__')


if __name__ == '__main__':
    main()
