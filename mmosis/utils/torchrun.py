"""torchrun, which says in one line what a tool finds wrong with its input: ``python -m mmosis.utils.torchrun``."""

import logging
import os
import sys
from collections.abc import Sequence

from torch.distributed import run
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

from .tool import BAD_INPUT, LAUNCHER_PID, print_error

# Its warning and error repeat in other words what ChildFailedError reports.
_LOGGER = 'torch.distributed.elastic.multiprocessing.api'


def main(args: Sequence[str] | None = None) -> None:
    """Start processes as torchrun does.

    Args:
        args: torchrun's arguments; by default those of the command line.

    Raises:
        ChildFailedError: torchrun's report, if a process failed by anything but its input.
        SystemExit: With status 2, if the input is wrong.
    """
    os.environ[LAUNCHER_PID] = str(os.getpid())
    logging.getLogger(_LOGGER).setLevel(logging.CRITICAL)
    try:
        run.run(run.parse_args(args))
    except ChildFailedError as error:
        wrong_input = [failure for failure in error.failures.values() if failure.exitcode == BAD_INPUT]
        if not wrong_input:
            raise
        # Without a record it is argparse's, which has printed it.
        for record in [failure.message for failure in wrong_input if isinstance(failure.message, dict)][:1]:
            print_error(error.name, record['message'].partition(': ')[2])
        sys.exit(BAD_INPUT)


if __name__ == '__main__':
    main()
