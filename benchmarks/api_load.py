"""Requests per second of ``mmosis serve``, and the memory that it holds."""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import httpx

from mmosis.search.images import load_image
from mmosis.utils.arguments import at_least

from .machine import describe_machine
from .memory import held
from .runtimes import IMAGE

REFERENCES = '[{"image": "reference", "box": [287, 147, 381, 198], "name": "tomato"}]'
PARTS = 10


def main(argv: Sequence[str] | None = None) -> None:
    """Start the server, and print for each number of clients its requests per second and the memory as it went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--clients', type=at_least(1), nargs='+', default=[1, 8], help='default: 1 8')
    parser.add_argument('--requests', type=at_least(PARTS), default=100, help='of each number (default: %(default)s)')
    parser.add_argument('--image-scale', type=at_least(32), default=512, help='of the search (default: %(default)s)')
    args = parser.parse_args(argv)
    print(describe_machine('cpu'), f'{os.cpu_count()} cores')
    command = [sys.executable, '-m', 'mmosis.cli', 'serve', '--port', '0', '--image-scale', str(args.image_scale)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            address = server.stdout.readline().split()[4]
            bank = _encode(address)
            height, width = load_image(IMAGE).shape[:2]
            print(f'an image of {width}x{height} pixels (w x h), searched at {args.image_scale}')
            for clients in args.clients:
                _measure(address, bank, clients, args.requests, server.pid)
        finally:
            server.send_signal(signal.SIGINT)


def _encode(address: str) -> bytes:
    files = dict(references=(None, REFERENCES), reference=IMAGE.read_bytes())
    return httpx.post(f'{address}bank', files=files, timeout=60).raise_for_status().content


def _measure(address: str, bank: bytes, clients: int, requests: int, process: int) -> None:
    files = dict(image=IMAGE.read_bytes(), bank=bank)
    with httpx.Client(base_url=address, timeout=600) as client, ThreadPoolExecutor(clients) as pool:

        def search(_: int) -> int:
            return len(client.post('search', files=files).raise_for_status().json()['objects'])

        found, memory, started = set(), [], perf_counter()
        for _ in range(PARTS):
            found |= set(pool.map(search, range(requests // PARTS)))
            memory.append(held(process))
        seconds = perf_counter() - started
    done = requests // PARTS * PARTS
    print(
        f'{clients} clients: {done / seconds:.2f} requests/s, {done} in {seconds:.0f} s, {sorted(found)} objects each; '
        f'memory as it went: {", ".join(f"{each:.0f}" for each in memory)} MiB'
    )
