"""Run programs in processes that have imported torch and what it stands beside, and nothing of OpenMMLab or of ours.

Each is forked from one process that has done so: those imports take most of the seconds of such a program.
"""

import atexit
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

# A child leaves the loop and runs its program as the interpreter would, to its traceback and status.
SERVER = """
import json, os, sys
import matplotlib.pyplot, scipy.stats, torch, torchvision

for line in sys.stdin:
    program, args, stderr = json.loads(line)
    if child := os.fork():
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        continue
    for stream, path in enumerate((os.devnull, os.devnull, stderr)):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), stream)
    sys.argv[1:] = args
    exec(program, {'__name__': '__main__'})
    break
"""


@cache
def start_server() -> subprocess.Popen:
    """Start the process that others are forked from; it ends with this one."""
    server = subprocess.Popen(
        [sys.executable, '-W', 'ignore', '-c', SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(server.communicate)
    return server


def run_fresh(program: str, folder: Path, *args: str | Path, status: int = 0) -> str:
    """Run a program; return what it wrote to stderr.

    Args:
        program: Its lines.
        folder: Where that may be kept.
        *args: What it finds in ``sys.argv``.
        status: With which it must end.
    """
    server, messages = start_server(), folder / 'stderr.txt'
    server.stdin.write(json.dumps([program, [*map(str, args)], str(messages)]) + '\n')
    server.stdin.flush()
    ended = int(server.stdout.readline())
    assert ended == status, f'status {ended}: {messages.read_text()}'
    return messages.read_text()
