"""Time searches on each runtime, each in a process of its own: start, one and ten references, peak memory."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from mmosis.search import make_inferencer
from mmosis.search.runtimes import RUNTIMES
from mmosis.utils.arguments import at_least
from mmosis.utils.image import read_image

from .timing import median_seconds

ROOT = Path(__file__).parents[1]
TOOL = ROOT / 'tools/analysis_tools/benchmark_runtimes.py'
IMAGE = ROOT / 'mmosis/web/page/photographs/pizza.jpg'  # an example of the page
BOX = (287, 147, 381, 198)  # xyxy, pixels, of the reference in it
NUM_REFERENCES = (1, 10)
KIB = 1024


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--runtimes', nargs='+', choices=RUNTIMES, default=RUNTIMES, help='default: %(default)s')
    parser.add_argument('--precision', choices=('fp32', 'bf16'), help='of torch; default: fp32')
    parser.add_argument('--image', default=str(IMAGE), help='image to search (default: an example of the page)')
    parser.add_argument(
        '--repeats', type=at_least(1), default=5, help='searches to take the median of (default: %(default)s)'
    )
    parser.add_argument('--inside', choices=RUNTIMES, help=argparse.SUPPRESS)
    return parser.parse_args()


def time_searches(args: argparse.Namespace) -> dict[str, float]:
    """Seconds of searches in this process, by what is searched for; each reference is a category."""
    precision = args.precision if args.inside == 'torch' else None
    inferencer = make_inferencer(runtime=args.inside, precision=precision)
    inferencer.show_progress = False
    image = read_image(args.image)
    return {str(number): _time_references(inferencer, image, number, args.repeats) for number in NUM_REFERENCES}


def _time_references(inferencer: object, image: np.ndarray, number: int, repeats: int) -> float:
    bank = inferencer.encode([dict(img=image, bbox=BOX, name=str(i)) for i in range(number)])
    return median_seconds(lambda: inferencer.search(image, bank), repeats)


def run(command: list[str]) -> tuple[str, float, float]:
    """Run a process: its output, seconds, and the most memory that it held, in bytes.

    Linux counts what this process held when it started the other, too; so torch is not imported here.
    """
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f'{" ".join(command)} failed with {process.returncode}')
    return output, time.perf_counter() - start, usage.ru_maxrss * KIB


def measure(args: argparse.Namespace, runtime: str) -> list[str]:
    """A row of the table."""
    precision = ['--precision', args.precision] if args.precision and runtime == 'torch' else []
    with tempfile.TemporaryDirectory() as folder:
        box = ','.join(map(str, BOX))
        search = ['search', args.image, '--reference', args.image, '--box', box, '--out', folder]
        mmosis = [sys.executable, '-m', 'mmosis.cli', *search, '--runtime', runtime, *precision]
        _, first, memory = run(mmosis)
    again = [sys.executable, str(TOOL), '--inside', runtime, '--image', args.image, '--repeats', str(args.repeats)]
    output, _, _ = run([*again, *precision])
    seconds = json.loads(output.splitlines()[-1])
    name = f'{runtime}, {args.precision}' if precision else runtime
    return [name, f'{first:.1f}', *(f'{seconds[str(number)]:.2f}' for number in NUM_REFERENCES), f'{memory / 1e6:.0f}']


def main() -> None:
    """Measure and print."""
    args = parse_args()
    if args.inside:
        print(json.dumps(time_searches(args)))
        return
    searches = [f'search of {number}, s' for number in NUM_REFERENCES]
    table = Table('runtime', 'command to result, s', *searches, 'peak memory, MB')
    for runtime in args.runtimes:
        table.add_row(*measure(args, runtime))
    Console().print(table)
    print(f'load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors')
