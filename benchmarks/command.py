"""Time what a detector does, with random weights on random pixels: its data, training steps, tests and searches.

What is compared runs in turns in one process and medians count, so that other work on the machine slows all of it.
"""

from mmosis.compat import prepare

prepare()

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from mmengine.config import Config
from rich.console import Console

from mmosis.utils.arguments import at_least
from mmosis.utils.atomic import write_atomic
from mmosis.utils.config_file import add_cfg_options, read_config
from mmosis.utils.cores import limit_threads

from .annotations import measure_annotations
from .data import measure_data
from .evaluation import measure_evaluation
from .machine import default_device, describe_machine, measure_peak, precisions
from .measured import Measured
from .noise import make_random_inferencer
from .references import measure_references
from .search import measure_searches
from .steps import make_pair, make_step
from .variants import Variant, measure_variants

WIDTH = 180


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest='command', required=True)

    def add(run: Callable, purpose: str, *shared: Callable) -> argparse.ArgumentParser:
        command = commands.add_parser(run.__name__, help=purpose, description=purpose)
        command.set_defaults(run=run)
        command.add_argument('--json', help='also write the figures to this file')
        for options in shared:
            options(command)
        return command

    command = add(data, "milliseconds of a training item, transform by transform, and beside MMDetection's", _config)
    command.add_argument('--items', type=at_least(1), default=50, help='items (default: %(default)s)')
    command = add(annotations, "seconds and memory of a data set of COCO's size, beside MMDetection's")
    command.add_argument('--folder', help='where the file of random annotations is kept (default: a temporary one)')
    command.add_argument('--num-images', type=at_least(1), default=118287, help='images (default: %(default)s)')
    command.add_argument('--num-annotations', type=at_least(1), default=860001, help='objects (default: %(default)s)')
    command.add_argument('--num-workers', type=at_least(0), default=4, help='of the data loader (default: %(default)s)')
    command.add_argument('--items', type=at_least(1), default=20000, help='items a worker reads (default: %(default)s)')
    command = add(step, 'seconds of a training step, part by part', _configs, _sizes, _ref_size)
    command.add_argument('--batch-size', type=at_least(1), default=1, help='images (default: %(default)s)')
    command = add(pair, 'seconds of a search for one reference, part by part', _configs, _sizes, _ref_size)
    command.add_argument('--onnx', action='store_true', help='each beside ONNX Runtime, with what both find')
    command.add_argument('--weights', help='with --onnx and one config: its checkpoint (default: random weights)')
    command = add(
        references, 'an image and many references, beside separate searches', _config, _sizes, _ref_size, _references
    )
    command.add_argument('--runs', type=at_least(1), default=1, help='also in so many calls, each with some of them')
    command = add(search, 'in one call, in separate calls, and from a bank', _config, _sizes, _references)
    command.add_argument('--precision', choices=('fp32', 'bf16'), default='fp32', help='default: %(default)s')
    command.add_argument('--channels-last', action=argparse.BooleanOptionalAction, help='by default on a CPU')
    command = add(evaluation, 'seconds and memory of the evaluation beside pycocotools')
    command.add_argument('--num-images', type=at_least(1), default=5000, help='images (default: %(default)s)')
    command.add_argument('--num-detections', type=at_least(1), default=100, help='an episode (default: %(default)s)')
    command.add_argument('--runs', type=at_least(1), nargs='+', default=[1, 5], help='numbers of runs (default: 1 5)')
    args = parser.parse_args()
    if getattr(args, 'weights', None) and (not args.onnx or len(args.configs) > 1):
        parser.error('--weights are those of one config, beside --onnx')
    return args


def _config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('config', help='config file path')
    add_cfg_options(parser)


def _configs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('configs', nargs='+', help="config files; a stock detector's has one class here")
    parser.add_argument('--precisions', nargs='+', choices=('fp32', 'bf16'), help='default: those of the device')


def _sizes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--image-size', type=at_least(1), default=1024, help='side of images (default: %(default)s)')
    parser.add_argument(
        '--repeats', type=at_least(1), default=3, help='rounds, of which medians count (default: %(default)s)'
    )


def _ref_size(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--ref-size', type=at_least(1), default=192, help='side of references (default: %(default)s)')


def _references(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--references', type=at_least(1), nargs='+', default=[1, 5, 20], help='how many (default: 1 5 20)'
    )


def data(args: argparse.Namespace) -> list[Measured]:
    """Time training items."""
    return measure_data(_load(args), args.items)


def annotations(args: argparse.Namespace) -> list[Measured]:
    """Measure loading and memory of annotations."""
    sizes = args.num_images, args.num_annotations, args.num_workers, args.items
    return [measure_annotations(args.folder, *sizes)]


def step(args: argparse.Namespace) -> list[Measured]:
    """Time training steps of several detectors."""
    title = f'a training step of {args.batch_size} at {args.image_size} pixels'
    sizes = args.batch_size, args.image_size, args.ref_size
    return _measure_variants(args, title, lambda *variant: make_step(*variant, *sizes))


def pair(args: argparse.Namespace) -> list[Measured]:
    """Time searches for one reference, of several detectors or beside ONNX Runtime."""
    if args.onnx:
        from .onnx_pair import measure_onnx_pairs  # it needs onnx

        return [measure_onnx_pairs(args.configs, args.weights, args.image_size, args.repeats)]
    title, sizes = f'one image and one reference at {args.image_size} pixels', (args.image_size, args.ref_size)
    return _measure_variants(args, title, lambda *variant: make_pair(*variant, *sizes))


def references(args: argparse.Namespace) -> list[Measured]:
    """Time searches for many references at once."""
    sizes = args.image_size, args.ref_size
    return [measure_references(_load(args), default_device(), args.references, args.runs, *sizes, args.repeats)]


def search(args: argparse.Namespace) -> list[Measured]:
    """Time a user's searches."""
    inferencer = make_random_inferencer(_load(args), precision=args.precision, channels_last=args.channels_last)
    return [measure_searches(inferencer, args.references, args.image_size, args.repeats)]


def evaluation(args: argparse.Namespace) -> list[Measured]:
    """Time the evaluation."""
    return [measure_evaluation(args.num_images, args.num_detections, args.runs)]


def _load(args: argparse.Namespace) -> Config:
    return read_config(args.config, args.cfg_options)


def _measure_variants(args: argparse.Namespace, title: str, make: Callable[..., Variant]) -> list[Measured]:
    device = default_device()
    names = args.precisions or precisions(device)
    variants = [make(config, device, precision) for config in args.configs for precision in names]
    return measure_variants(title, variants, args.repeats, measure_peak(device), device)


def main() -> None:
    """Measure and print."""
    args = parse_args()
    limit_threads()
    tables = args.run(args)
    machine = describe_machine(default_device())
    console = Console(width=WIDTH)
    for measured in tables:
        console.print(measured.table())
        for note in measured.notes:
            console.print(note)
    console.print(', '.join(f'{name.replace("_", " ")}: {value}' for name, value in machine.items()))
    if args.json:
        figures = [dict(title=each.title, rows=each.rows, notes=each.notes) for each in tables]
        write_atomic(Path(args.json), json.dumps(dict(machine=machine, tables=figures), indent=2))
