"""How a tool ends where its input is wrong: with one line and status 2, as the command ``mmosis`` does."""

import dis
import os
import sys
from collections.abc import Callable
from pathlib import Path

from .errors import describe_error

BAD_INPUT = 2  # argparse's status
# Names the process of mmosis.utils.torchrun for those that it starts: while they import, it may be killed.
LAUNCHER_PID = 'MMOSIS_LAUNCHER_PID'
OURS = ('mmosis', 'projects', 'benchmarks', '__main__')
_PEER_ENDED = 'Connection closed by peer'  # gloo's words


def run_tool(main: Callable[[], None]) -> None:
    """Run the ``main`` of a tool, and say in one line what is wrong with its input; a bug keeps its traceback.

    Processes of :mod:`mmosis.utils.torchrun` leave the line to it, so that it is printed once.

    Args:
        main: The function.

    Raises:
        SystemExit: With status 2, if the input is wrong; with 1, if another process of torchrun has failed.
    """
    try:
        main()
    except Exception as error:
        if LAUNCHER_PID in os.environ and _PEER_ENDED in str(error):
            sys.exit(1)  # the other one says why
        if not is_about_input(error):
            raise
        if LAUNCHER_PID in os.environ:
            _report_to_launcher(describe_error(error))
        else:
            print_error(sys.argv[0], describe_error(error))
        sys.exit(BAD_INPUT)


def is_about_input(error: Exception) -> bool:
    """Whether an error is the system's, about a file, or a sentence that mmosis raised, and so not a bug."""
    if isinstance(error, OSError):
        return True
    last = error.__traceback__
    while last.tb_next is not None:
        last = last.tb_next
    frame = last.tb_frame
    ours = frame.f_globals.get('__name__', '').partition('.')[0] in OURS
    raised = frame.f_code.co_code[last.tb_lasti] == dis.opmap['RAISE_VARARGS']  # by a statement, not by an expression
    return isinstance(error, (ValueError, TypeError, ImportError)) and ours and raised


def print_error(tool: str, sentence: str) -> None:
    """Print what is wrong.

    Args:
        tool: Its path.
        sentence: What is wrong.
    """
    print(f'{Path(tool).name}: error: {sentence}', file=sys.stderr, flush=True)


def _report_to_launcher(sentence: str) -> None:
    from torch.distributed.elastic.multiprocessing.errors import get_error_handler  # some tools have no torch

    get_error_handler().record_exception(ValueError(sentence))
