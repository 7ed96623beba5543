"""The arguments of the command ``mmosis``."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from mmosis.cli_parser import (
    OneLineParser,
    is_number,
    parse_box,
    parse_format,
    parse_image,
    parse_number,
    parse_path,
    parse_port,
    parse_text,
)
from mmosis.utils.arguments import at_least
from mmosis.utils.format_names import FORMATS
from mmosis.version import __version__

PROGRAM = 'mmosis'


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser, commands = _make_parser()
    args = parser.parse_args(_attach_values(sys.argv[1:] if argv is None else argv))
    if args.command is None:
        parser.error(f'say what to do: {", ".join(commands)}')
    if args.command == 'search':
        _settle_names(args.references)
        _check_search(args, commands['search'])
    return args


def _make_parser() -> tuple[OneLineParser, dict[str, argparse.ArgumentParser]]:
    """Make the parser, and those of its commands by name."""
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
        help='encode a library of images once, for many searches',
        description='Encode a library of images, or what is new in it; mmosis search --index takes the best of them.',
    )
    _add_index_arguments(index)
    serve = commands.add_parser(
        'serve', help='serve the web page and the HTTP API', description='Serve the web page and the HTTP API.'
    )
    _add_serve_arguments(serve)
    for command in (search, index, serve):
        _add_model_arguments(command)
    for command in (search, serve):
        _add_tile_arguments(command)
    for command, max_pixels in ((search, 100_000_000), (index, 100_000_000), (serve, 50_000_000)):
        command.add_argument(
            '--max-pixels',
            type=int,
            default=max_pixels,
            metavar='N',
            help='larger images are refused before they are decoded (default: %(default)s)',
        )
    return parser, commands.choices


def _check_search(args: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """End with an error if arguments of ``mmosis search`` are missing or exclude each other."""
    if bool(args.references) == bool(args.bank):
        parser.error('say what to search for: either by --reference (or --box on the searched image), or by --bank')
    if bool(args.images) == bool(args.index):
        parser.error('say where to search: either IMAGES, or --index')
    if not args.index and (args.share, args.top) != (None, None):
        parser.error('--share and --top are of the images of an --index')


def _add_index_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        'images', nargs='+', type=parse_image, metavar='IMAGES', help='image files or folders: all of the library'
    )
    parser.add_argument('--out', required=True, type=parse_path, metavar='LIB', help='folder of the index')


def _add_serve_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--host', default='127.0.0.1', help='address to listen on (default: %(default)s, this machine)')
    parser.add_argument('--port', type=parse_port, default=7860, help='port (default: %(default)s)')
    parser.add_argument(
        '--allowed-host',
        action='append',
        default=[],
        metavar='NAME',
        help='a name under which browsers reach the page, beside the names of this machine; may be repeated',
    )
    parser.add_argument(
        '--token', type=parse_text, help='what requests must bring; by default the environment variable MMOSIS_TOKEN'
    )
    parser.add_argument('--banks', type=parse_path, metavar='DIR', help='folder where banks of references are kept')
    parser.add_argument('--api', action='store_true', help='also be a backend of Label Studio and X-AnyLabeling')
    parser.add_argument(
        '--label-studio',
        type=parse_text,
        metavar='URL',
        help='address of Label Studio, whose images are fetched with the key LABEL_STUDIO_API_KEY; implies --api',
    )
    parser.add_argument(
        '--max-upload-mb', type=at_least(1), default=20, metavar='MB', help='largest file (default: %(default)s)'
    )


def _add_search_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        'images',
        nargs='*',
        type=parse_image,
        metavar='IMAGES',
        help='image files, folders with their subfolders, quoted patterns, lists of paths (.txt, .parquet), - for '
        'paths on the standard input, videos, or webcam:0',
    )
    parser.add_argument(
        '--index', type=parse_path, metavar='LIB', help='instead of IMAGES: the best images of what mmosis index made'
    )
    number = parser.add_mutually_exclusive_group()
    number.add_argument('--share', type=parse_number, help='searched fraction of the index, 0-1 (default: 0.05)')
    number.add_argument('--top', type=int, metavar='N', help='how many images of the index are searched')
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
    _add_reference_arguments(parser)
    _add_video_arguments(parser)
    _add_result_arguments(parser)


def _add_reference_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group('references', '--box, --mask and --name belong to the --reference before them')
    group.add_argument(
        '--reference', action=_StartReference, type=parse_image, metavar='FILE', help='image of what to search for'
    )
    group.add_argument(
        '--negative', action=_StartReference, type=parse_image, metavar='FILE', help='image of what is not meant'
    )
    group.add_argument(
        '--box',
        action=_DescribeReference,
        type=parse_box,
        metavar='X1,Y1,X2,Y2',
        help='where the object is in it, in pixels; without --reference: in the one searched image, or in the first '
        'frame of the one video',
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


def _add_video_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group('videos')
    group.add_argument('--every', type=int, default=1, metavar='N', help='search the first of so many frames')
    group.add_argument('--track', action='store_true', help='give objects ids that they keep from frame to frame')


def _add_result_arguments(parser: argparse.ArgumentParser) -> None:
    output = parser.add_argument_group('results')
    output.add_argument('--score-thr', type=parse_number, default=0.5, help='lowest score, 0-1 (default: %(default)s)')
    output.add_argument('--keep-all', action='store_true', help='several categories may claim one object')
    output.add_argument(
        '--format',
        type=parse_format,
        metavar='FORMAT',
        help='write a folder of this name too, with links to the images, as other programs open it: '
        f'{", ".join(FORMATS)}',
    )
    output.add_argument(
        '--polygons',
        nargs='?',
        const=0.0,
        type=parse_number,
        metavar='TOLERANCE',
        help='write masks as polygons instead of RLE; with a number simplified by as many pixels, e.g. 1.5',
    )
    output.add_argument(
        '--save-crops', dest='crops', action='store_true', help='write each object too, cut out along its mask'
    )
    output.add_argument('--no-overlays', dest='overlays', action='store_false', help='write no overlays')
    output.add_argument('--resume', action='store_true', help='go on with a search that was stopped')


def _add_tile_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        'tiles', 'by default where the object is too small for the network in the whole image'
    )
    group.add_argument('--tile', type=int, metavar='PIXELS', help='search larger images in tiles of this side')
    group.add_argument('--overlap', type=parse_number, help='common fraction of neighbouring tiles (default: 0.25)')


def _add_model_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group('model')
    group.add_argument(
        '--model',
        type=parse_text,
        help='name, config file, exported or published folder, or hf://owner/name@revision; by default that of mmosis',
    )
    group.add_argument('--weights', type=parse_text, metavar='FILE', help='checkpoint of the config')
    group.add_argument('--device', type=parse_text, help='e.g. cpu or cuda:0; by default a GPU if there is one')
    group.add_argument('--image-scale', type=int, metavar='PIXELS', help='longer side of images for the network')
    group.add_argument('--precision', choices=('fp32', 'bf16'), help='of torch; default: fp32')
    group.add_argument(
        '--runtime',
        choices=('torch', 'onnx'),
        help='by default ONNX Runtime if it is installed and the model comes exported, else torch',
    )


class _StartReference(argparse.Action):
    """``--reference`` and ``--negative`` start a reference; ``--box``, ``--mask`` and ``--name`` say more of it."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        namespace.references.append(dict(img=values, negative=option_string == '--negative'))


class _DescribeReference(argparse.Action):
    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        key = dict(box='bbox').get(self.dest, self.dest)
        if not namespace.references:  # a box without an image is on the searched image
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
    further = [(reference['same_as'], reference) for reference in references if 'same_as' in reference]
    for before, reference in further:
        if 'name' in before:
            reference.setdefault('name', before['name'])
    for before, reference in reversed(further):
        if 'name' in reference:
            before.setdefault('name', reference['name'])
        del reference['same_as']


def _attach_values(argv: Sequence[str]) -> list[str]:
    """Write values with a sign of equality where argparse would not see whose they are.

    Those of ``--box -1,2,3,4``, which begin with a minus as an option does; and 0 for ``--polygons`` without a number,
    so that images may follow it.
    """
    args = list(argv)
    for i in reversed(range(len(args))):
        following = args[i + 1] if i + 1 < len(args) else ''
        if args[i] == '--box' and following.startswith('-') and ',' in following:
            args[i : i + 2] = [f'--box={following}']
        elif args[i] == '--polygons' and not is_number(following):
            args[i] = '--polygons=0'
    return args
