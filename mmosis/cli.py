"""The command ``mmosis``: search images by example, index a library of them, or serve the web page."""

import argparse
import math
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from mmosis.cli_parser import OneLineParser, parse_image, parse_number, parse_path, parse_port
from mmosis.utils.errors import DamagedError
from mmosis.utils.signals import raise_on_signals
from mmosis.version import __version__

PROGRAM = 'mmosis'


class _StartReference(argparse.Action):
    """``--reference`` and ``--negative`` start a reference; ``--box``, ``--mask`` and ``--name`` say more of it."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        namespace.references.append(dict(img=values, negative=option_string == '--negative'))


class _DescribeReference(argparse.Action):
    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        key = dict(box='bbox').get(self.dest, self.dest)
        if not namespace.references:  # a box without a picture is on the searched image
            namespace.references.append({})
        reference = namespace.references[-1]
        if key in reference:
            if key == 'name' or 'img' in reference:
                parser.error(f'{option_string} is given twice for one reference; --reference starts the next')
            reference = dict(same_as=reference)  # a further box on the searched image
            namespace.references.append(reference)
        reference[key] = values


def _settle_names(references: list[dict]) -> None:
    """Give boxes on the searched image without a name that of the one before them, or else of the next that has one."""
    pairs = [(reference['same_as'], reference) for reference in references if 'same_as' in reference]
    for before, reference in pairs:
        if 'name' in before:
            reference.setdefault('name', before['name'])
    for before, reference in reversed(pairs):
        if 'name' in reference:
            before.setdefault('name', reference['name'])
        del reference['same_as']


def _attach_boxes(argv: Sequence[str]) -> list[str]:
    """Write ``--box -1,2,3,4`` with a sign of equality; argparse would take what begins with a minus for an option."""
    args = list(argv)
    for i in reversed(range(len(args) - 1)):
        if args[i] == '--box' and args[i + 1].startswith('-') and ',' in args[i + 1]:
            args[i : i + 2] = [f'--box={args[i + 1]}']
    return args


def parse_box(text: str) -> tuple[float, ...]:
    """Read x1,y1,x2,y2.

    Raises:
        argparse.ArgumentTypeError: If it is something else.
    """
    try:
        box = tuple(float(value) for value in text.split(','))
    except ValueError:
        box = ()
    if len(box) != 4:
        raise argparse.ArgumentTypeError(f'a box is x1,y1,x2,y2 in pixels, got {text!r}')
    return box


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = OneLineParser(prog=PROGRAM, description='Find all objects like this one.')
    parser.add_argument('--version', action='version', version=f'{PROGRAM} {__version__}')
    commands = parser.add_subparsers(dest='command', metavar='COMMAND')
    search = commands.add_parser(
        'search',
        help='search images for what references show',
        description='Search images for what references show; write overlays and one COCO-format file.',
    )
    _add_search_arguments(search)
    index = commands.add_parser(
        'index',
        help='encode a library of pictures once, for many searches',
        description='Encode a library of pictures, or what is new in it; mmosis search --index takes the best of them.',
    )
    index.add_argument(
        'images', nargs='+', type=parse_image, metavar='PHOTOS', help='image files or folders: all of the library'
    )
    index.add_argument('--out', required=True, type=parse_path, metavar='LIB', help='folder of the index')
    serve = commands.add_parser('serve', help='serve the web page', description='Serve the web page.')
    serve.add_argument('--host', default='127.0.0.1', help='address to listen on (default: %(default)s, this machine)')
    serve.add_argument('--port', type=parse_port, default=7860, help='port (default: %(default)s)')
    serve.add_argument(
        '--allowed-host',
        action='append',
        default=[],
        metavar='NAME',
        help='a name under which browsers reach the page, beside the names of this machine; may be repeated',
    )
    for command in (search, index, serve):
        _add_model_arguments(command)
    for command in (search, index):
        command.add_argument(
            '--max-pixels',
            type=int,
            default=100_000_000,
            metavar='N',
            help='larger pictures are refused before they are decoded (default: %(default)s)',
        )
    args = parser.parse_args(_attach_boxes(sys.argv[1:] if argv is None else argv))
    if args.command is None:
        parser.error(f'say what to do: {", ".join(commands.choices)}')
    if args.command == 'search':
        _settle_names(args.references)
    if args.command == 'search' and bool(args.references) == bool(args.bank):
        search.error('say what to search for: either by --reference (or --box on the searched image), or by --bank')
    if args.command == 'search' and bool(args.images) == bool(args.index):
        search.error('say where to search: either IMAGES, or --index')
    if args.command == 'search' and not args.index and (args.share, args.top) != (None, None):
        search.error('--share and --top are of the pictures of an --index')
    return args


def _add_search_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        'images',
        nargs='*',
        type=parse_image,
        metavar='IMAGES',
        help='image files, folders, or lists of paths: .txt, .parquet',
    )
    parser.add_argument(
        '--index', type=parse_path, metavar='LIB', help='instead of IMAGES: the best pictures of what mmosis index made'
    )
    number = parser.add_mutually_exclusive_group()
    number.add_argument('--share', type=parse_number, help='how much of the index is searched, 0-1 (default: 0.05)')
    number.add_argument('--top', type=int, metavar='N', help='how many pictures of the index are searched')
    parser.add_argument(
        '--out',
        required=True,
        type=parse_path,
        metavar='DIR',
        help='folder to write, or DIR/NAME.parquet for Parquet instead of COCO',
    )
    parser.add_argument(
        '--ray',
        nargs='?',
        const='local',
        metavar='ADDRESS',
        help='search on the Ray cluster at this address; without one on a cluster of this machine alone',
    )
    group = parser.add_argument_group('references', '--box, --mask and --name belong to the --reference before them')
    group.add_argument(
        '--reference', action=_StartReference, type=parse_image, metavar='FILE', help='picture of what to search for'
    )
    group.add_argument(
        '--negative', action=_StartReference, type=parse_image, metavar='FILE', help='picture of what is not meant'
    )
    group.add_argument(
        '--box',
        action=_DescribeReference,
        type=parse_box,
        metavar='X1,Y1,X2,Y2',
        help='where the object is in it, in pixels; without --reference: in the one searched image',
    )
    group.add_argument(
        '--mask',
        action=_DescribeReference,
        type=parse_image,
        metavar='FILE',
        help='its mask, an image not 0 on the object; by default where a cut-out is opaque',
    )
    group.add_argument('--name', action=_DescribeReference, help='category; references of one name are one category')
    group.add_argument('--bank', type=parse_path, metavar='FILE', help='encoded references, as --save-bank wrote them')
    group.add_argument(
        '--save-bank', type=parse_path, metavar='FILE', help='keep the encoded references for later searches'
    )
    parser.set_defaults(references=[])
    output = parser.add_argument_group('results')
    output.add_argument('--score-thr', type=parse_number, default=0.5, help='lowest score, 0-1 (default: %(default)s)')
    output.add_argument('--keep-all', action='store_true', help='several categories may claim one object')
    output.add_argument('--polygons', action='store_true', help='write masks as polygons instead of RLE')
    output.add_argument('--no-overlays', action='store_true', help='write no pictures')
    output.add_argument('--resume', action='store_true', help='go on with a search that was stopped')
    output.add_argument('--tile', type=int, metavar='PIXELS', help='search larger images in tiles of this side')
    output.add_argument(
        '--overlap', type=parse_number, default=0.25, help='what tiles share, as a share of one (default: %(default)s)'
    )


def _add_model_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group('model')
    group.add_argument('--model', help='name, config file or exported folder; by default the model in the box')
    group.add_argument('--weights', metavar='FILE', help='checkpoint of the config')
    group.add_argument('--device', help='e.g. cpu or cuda:0; by default a GPU if there is one')
    group.add_argument('--image-scale', type=int, metavar='PIXELS', help='longer side of images for the network')
    group.add_argument('--precision', choices=('fp32', 'bf16'), help='of torch; default: fp32')
    group.add_argument(
        '--runtime',
        choices=('torch', 'onnx'),
        help='by default ONNX Runtime if it is installed and the model comes exported, else torch',
    )


def run_search(args: argparse.Namespace) -> int:
    """Run ``mmosis search``; the exit status is 1 if an image could not be searched."""
    from mmosis.search import PhotoIndex, ReferenceBank, SearchSettings, search_images
    from mmosis.search.image_list import ImageList, find_images

    # What is wrong with these is told before the model is loaded.
    settings = SearchSettings(
        score_thr=args.score_thr,
        keep_all=args.keep_all,
        tile=args.tile,
        overlap=args.overlap,
        polygons=args.polygons,
        overlays=not args.no_overlays,
    )
    inferencer = _make_inferencer(args)
    references = [_load_mask(reference, inferencer.max_pixels) for reference in args.references]
    index = PhotoIndex.open(args.index) if args.index else None
    listed = find_images(args.images) if index is None else ImageList(index.files)
    images = listed.images
    bank = ReferenceBank.load(args.bank) if args.bank else inferencer.encode(references, searched=images)
    if args.save_bank:
        bank.save(args.save_bank)
    if index is not None:
        gone = 'it is no longer there; mmosis index brings the index up to date'
        listed = ImageList.of_files(index.choose(inferencer, bank, args.share, args.top), gone)
    with _make_spread(args, inferencer) as spread:
        report = search_images(inferencer, listed, bank, args.out, settings, args.resume, spread)
    print(f'{report.num_found} objects in {report.num_images} images: {report.annotations}')
    if report.num_kept:
        print(f'{report.num_kept} images of the earlier search are kept, {report.num_added} were added')
    if not report.num_found and report.num_images:
        print(_explain_nothing(report.best_score, args))
    if index is not None:
        left_out = len(images) - len(listed.images) - len(listed.problems)
        print(f'{left_out} of the {len(images)} pictures in {args.index} were left out')
    return _tell_rest('searched', listed.tell_others(), report.errors)


def _tell_rest(done: str, others: str, errors: Mapping[str, str]) -> int:
    """Tell what was left undone; the exit status is 1 if something failed."""
    if others:
        print(f'in the folders, but not {done}: {others}')
    for name, error in errors.items():
        print(f'not {done}: {name}: {error}', file=sys.stderr)
    return 1 if errors else 0


def _explain_nothing(best_score: float, args: argparse.Namespace) -> str:
    """Say how near a search came that found nothing, and what to try."""
    lower = f'--score-thr {math.floor(100 * best_score) / 100:g}, '
    return (
        f'the best score was {best_score:.3f}, and {args.score_thr:g} is asked for: try '
        f'{lower if best_score >= 0.01 else ""}another reference that shows the object alone, or for small objects '
        '--tile or a larger --image-scale'
    )


def run_index(args: argparse.Namespace) -> int:
    """Run ``mmosis index``; the exit status is 1 if a picture could not be encoded."""
    from mmosis.search import PhotoIndex
    from mmosis.search.image_list import find_images

    listed = find_images(args.images)
    index, report = PhotoIndex.build(_make_inferencer(args), listed, args.out)
    print(
        f'{len(index)} pictures in {args.out}: {report.num_encoded} encoded, {report.num_kept} as they were, '
        f'{report.num_dropped} dropped; {index.num_bytes / 1e6:.1f} MB'
    )
    return _tell_rest('indexed', listed.tell_others(), report.errors)


def run_serve(args: argparse.Namespace) -> int:
    """Run ``mmosis serve``."""
    from mmosis.web import serve

    serve(_make_inferencer(args), args.host, args.port, allowed_hosts=args.allowed_host)
    return 0


def _make_inferencer(args: argparse.Namespace) -> Any:
    from mmosis.search import make_inferencer
    from mmosis.search.model_zoo import DEFAULT_MODEL

    try:
        return make_inferencer(
            args.model or DEFAULT_MODEL,
            args.weights,
            args.device,
            args.image_scale,
            args.precision,
            args.runtime,
            **({} if args.command == 'serve' else dict(max_pixels=args.max_pixels)),
        )
    except (RuntimeError, AssertionError) as error:  # torch's, of a device that is not there
        raise ValueError(f'the model does not run on device {args.device}: {str(error).splitlines()[0]}') from error


def _make_spread(args: argparse.Namespace, inferencer: Any) -> AbstractContextManager:
    from mmosis.search.model_zoo import DEFAULT_MODEL
    from mmosis.search.ray_search import describe_model, ray_workers

    if args.ray is None:
        return nullcontext()
    return ray_workers(describe_model(inferencer, args.model or DEFAULT_MODEL, args.weights), args.ray)


def _load_mask(reference: dict, max_pixels: int) -> dict:
    """Read the mask file of a reference."""
    from mmosis.search.images import load_mask

    return dict(reference, mask=load_mask(reference['mask'], max_pixels)) if 'mask' in reference else reference


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; what is wrong is told in one line."""
    args = parse_args(argv)
    run = dict(search=run_search, index=run_index, serve=run_serve)[args.command]
    try:
        with nullcontext() if run is run_serve else raise_on_signals():
            return run(args)
    except KeyboardInterrupt as stop:
        goes_on = 'the same command' if args.command == 'index' else '--resume'
        print(f'{PROGRAM}: stopped; {goes_on} goes on', file=sys.stderr)
        return 128 + getattr(stop, 'number', signal.SIGINT)
    except (DamagedError, ConnectionError, ChildProcessError) as error:  # or a cluster does not start, or fails
        print(f'{PROGRAM}: error: {error}', file=sys.stderr)
        return 1
    except (ValueError, TypeError, OSError, ImportError) as error:
        text = error.strerror if isinstance(error, OSError) and error.strerror and not error.filename else error
        print(f'{PROGRAM}: error: {text}', file=sys.stderr)
        return 2


if __name__ == '__main__':
    sys.exit(main())
