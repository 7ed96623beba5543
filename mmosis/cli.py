"""The command ``mmosis``: search images by example, index a library of them, or serve the web page."""

import argparse
import math
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields
from typing import Any

from mmosis.cli_arguments import PROGRAM, parse_args
from mmosis.utils.errors import DamagedError, describe_error
from mmosis.utils.notices import quiet_imports
from mmosis.utils.signals import raise_on_signals


def run_search(args: argparse.Namespace) -> int:
    """Run ``mmosis search``; the exit status is 1 if an image could not be searched."""
    from mmosis.search import PhotoIndex, ReferenceBank, search_images
    from mmosis.search.folders.image_list import ImageList, find_images
    from mmosis.search.images import load_mask

    inferencer = _make_inferencer(args)
    options = inferencer.options
    references = [
        dict(each, mask=load_mask(each['mask'], options.max_pixels)) if 'mask' in each else each
        for each in args.references
    ]
    index = PhotoIndex.open(args.index) if args.index else None
    stdin = getattr(sys.stdin, 'buffer', None)
    listed = find_images(args.images, stdin, videos=True) if index is None else ImageList(index.files)
    images = listed.images
    bank = ReferenceBank.load(args.bank) if args.bank else _encode(inferencer, references, images)
    if args.save_bank:
        bank.save(args.save_bank)
    if index is not None:
        gone = 'it is no longer there; mmosis index brings the index up to date'
        listed = ImageList.of_files(index.choose(inferencer, bank, args.share, args.top), gone)
    with _make_executor(args, inferencer) as executor:
        report = search_images(inferencer, listed, bank, args.out, options, args.resume, executor, args.format)
    print(f'{report.num_found} objects in {report.num_images} images: {report.annotations}')
    if report.export is not None:
        print(f'{args.format} for other programs: {report.export}')
    if report.searched:
        print(f'searched {report.searched}')
    if report.num_kept:
        print(f'{report.num_kept} images of the earlier search are kept, {report.num_added} were added')
    if not report.num_found and report.num_images:
        print(_explain_nothing(report.best_score, args))
    if index is not None:
        num_skipped = len(images) - len(listed.images) - len(listed.problems)
        print(f'{num_skipped} of the {len(images)} images in {args.index} were skipped')
    return _report_rest('searched', listed, report.errors)


def _encode(inferencer: Any, references: Sequence[dict], images: Sequence[str]) -> Any:
    """Encode references; those without an image are on the one searched image, or the first frame of the one video."""
    from mmosis.search.video.video_reader import is_video, read_first_frame

    if len(images) == 1 and is_video(images[0]) and any('img' not in each for each in references):
        images = [read_first_frame(images[0], inferencer.options.max_pixels)]
    return inferencer.encode(references, searched=images)


def _report_rest(done: str, listed: Any, errors: Mapping[str, str]) -> int:
    """Print in how many folders images were, and what was not done; the exit status is 1 if something failed."""
    if len(listed.folders) > 1:
        print(f'{done} in {len(listed.folders)} folders, subfolders included')
    if listed.others:
        print(f'in the folders, but not {done}: {listed.describe_others()}')
    for name, error in errors.items():
        print(f'not {done}: {name}: {error}', file=sys.stderr)
    return 1 if errors else 0


def _explain_nothing(best_score: float, args: argparse.Namespace) -> str:
    """Best score of a search that found nothing, and what to try."""
    lower = f'--score-thr {math.floor(100 * best_score) / 100:g}, '
    return (
        f'the best score was {best_score:.3f}, and {args.score_thr:g} is asked for: try '
        f'{lower if best_score >= 0.01 else ""}another reference that shows the object alone, or for small objects '
        '--tile or a larger --image-scale'
    )


def run_index(args: argparse.Namespace) -> int:
    """Run ``mmosis index``; the exit status is 1 if an image could not be encoded."""
    from mmosis.search import PhotoIndex
    from mmosis.search.folders.image_list import find_images

    listed = find_images(args.images, getattr(sys.stdin, 'buffer', None))
    index, report = PhotoIndex.build(_make_inferencer(args), listed, args.out)
    print(
        f'{len(index)} images in {args.out}: {report.num_encoded} encoded, {report.num_kept} as they were, '
        f'{report.num_dropped} dropped; {index.num_bytes / 1e6:.1f} MB'
    )
    return _report_rest('indexed', listed, report.errors)


def run_serve(args: argparse.Namespace) -> int:
    """Run ``mmosis serve``."""
    from mmosis.web import serve

    serve(
        _make_inferencer(args),
        args.host,
        args.port,
        args.max_upload_mb,
        args.allowed_host,
        token=args.token or os.environ.get('MMOSIS_TOKEN') or None,
        banks=args.banks,
        label_tools=args.api or args.label_studio is not None,
        label_studio=args.label_studio,
    )
    return 0


def _make_inferencer(args: argparse.Namespace) -> Any:
    from mmosis.search import SearchOptions, make_inferencer
    from mmosis.search.model_zoo import DEFAULT_MODEL

    # Wrong options are reported before the model is loaded.
    names = (field.name for field in fields(SearchOptions))
    options = SearchOptions(**{name: getattr(args, name) for name in names if hasattr(args, name)})
    try:
        with quiet_imports():
            model = args.model or DEFAULT_MODEL
            return make_inferencer(model, args.weights, args.device, args.precision, args.runtime, options)
    except (RuntimeError, AssertionError) as error:  # torch's, of a device that is not there
        raise ValueError(f'the model does not run on device {args.device}: {str(error).splitlines()[0]}') from error


def _make_executor(args: argparse.Namespace, inferencer: Any) -> AbstractContextManager:
    from mmosis.search.model_zoo import DEFAULT_MODEL
    from mmosis.search.ray.ray_search import describe_model, ray_workers

    if args.ray is None:
        return nullcontext()
    return ray_workers(describe_model(inferencer, args.model or DEFAULT_MODEL, args.weights), args.ray)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; errors are reported in one line."""
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
        print(f'{PROGRAM}: error: {describe_error(error)}', file=sys.stderr)
        return 2


if __name__ == '__main__':
    sys.exit(main())
