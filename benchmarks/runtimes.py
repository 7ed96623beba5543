"""Time searches on each runtime, each in a process of its own: start, references, objects found, peak memory."""

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

from mmosis.search import SearchOptions, make_inferencer
from mmosis.search.base import SearchBase
from mmosis.search.runtimes import RUNTIMES
from mmosis.utils.arguments import at_least
from mmosis.utils.image import read_image

from .crowds import make_crowd
from .timing import median_seconds, time_in_turns

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
    parser.add_argument(
        '--objects',
        nargs='+',
        type=at_least(1),
        metavar='N',
        help='instead search images that show what is boxed so many times, one after the other',
    )
    parser.add_argument('--inside', choices=RUNTIMES, help=argparse.SUPPRESS)
    return parser.parse_args()


def time_inside(args: argparse.Namespace) -> dict[str, float]:
    """What is measured in this process: seconds of searches, and how much they find."""
    inferencer = make_inferencer(runtime=args.inside, precision=args.precision)
    inferencer.show_progress = False
    image = read_image(args.image)
    if args.objects:
        return _time_crowd(inferencer, image, args.objects[0], args.repeats)
    return {str(number): _time_references(inferencer, image, number, args.repeats) for number in NUM_REFERENCES}


def _time_references(inferencer: SearchBase, image: np.ndarray, number: int, repeats: int) -> float:
    bank = inferencer.encode([dict(img=image, bbox=BOX, name=str(i)) for i in range(number)])
    return median_seconds(lambda: inferencer.search(image, bank), repeats)


def _time_crowd(inferencer: SearchBase, image: np.ndarray, number: int, repeats: int) -> dict[str, float]:
    """Search for a box on the image itself, as a user does who wants all of what an image shows."""
    x1, y1, x2, y2 = BOX
    crowd, box = make_crowd(image[y1:y2, x1:x2], number)
    bank = inferencer.encode(dict(bbox=box), searched=[crowd])
    score_thr = SearchOptions.score_thr
    searched = []

    def search() -> None:
        searched.append(inferencer.search_image(crowd, bank, score_thr=score_thr).found)

    taken = time_in_turns(dict(search=search), repeats)['search']
    return dict(taken._asdict(), found=int((searched[-1].scores >= score_thr).sum()))


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
    """A row of the table: the command, and searches in one process."""
    with tempfile.TemporaryDirectory() as folder:
        box = ','.join(map(str, BOX))
        search = ['search', args.image, '--reference', args.image, '--box', box, '--out', folder]
        mmosis = [sys.executable, '-m', 'mmosis.cli', *search, '--runtime', runtime, *_precision(args, runtime)]
        _, first, memory = run(mmosis)
    seconds, _ = run_inside(args, runtime)
    figures = [f'{seconds[str(number)]:.2f}' for number in NUM_REFERENCES]
    return [_name(args, runtime), f'{first:.1f}', *figures, f'{memory / 1e6:.0f}']


def measure_crowd(args: argparse.Namespace, runtime: str, number: int) -> list[str]:
    """A row of the table of images with so many objects."""
    result, memory = run_inside(args, runtime, '--objects', str(number))
    seconds = (f'{result[clock]:.2f}' for clock in ('seconds', 'processor_seconds'))
    return [_name(args, runtime), str(number), str(result['found']), *seconds, f'{memory / 1e6:.0f}']


def run_inside(args: argparse.Namespace, runtime: str, *more: str) -> tuple[dict[str, float], float]:
    """What :func:`time_inside` gives in a process of its own, and the most memory that this held, in bytes."""
    settings = ['--image', args.image, '--repeats', str(args.repeats), *_precision(args, runtime), *more]
    output, _, memory = run([sys.executable, str(TOOL), '--inside', runtime, *settings])
    return json.loads(output.splitlines()[-1]), memory


def _precision(args: argparse.Namespace, runtime: str) -> list[str]:
    return ['--precision', args.precision] if args.precision and runtime == 'torch' else []


def _name(args: argparse.Namespace, runtime: str) -> str:
    return ', '.join([runtime, *_precision(args, runtime)[1:]])


def main() -> None:
    """Measure and print."""
    args = parse_args()
    if args.inside:
        print(json.dumps(time_inside(args)))
        return
    if args.objects:
        table = Table('runtime', 'objects', 'found', 'search, s', 'of the processor', 'peak memory, MB')
        rows = (measure_crowd(args, runtime, number) for runtime in args.runtimes for number in args.objects)
    else:
        searches = [f'search of {number}, s' for number in NUM_REFERENCES]
        table = Table('runtime', 'command to result, s', *searches, 'peak memory, MB')
        rows = (measure(args, runtime) for runtime in args.runtimes)
    for row in rows:
        table.add_row(*row)
    Console().print(table)
    print(f'load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors')
