"""search_images: search many images and write what label tools import."""

import errno
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mmosis.search.base import SearchBase
from mmosis.search.exports.coco_export import describe_image, to_coco
from mmosis.search.exports.export_content import ExportContent
from mmosis.search.exports.object_crops import category_folder, write_crops
from mmosis.search.images import load_image
from mmosis.search.options import SearchOptions
from mmosis.search.overlay import draw_search, write_image
from mmosis.search.reference_bank import ReferenceBank
from mmosis.search.video.tracks import complete_tracks, describe_weak
from mmosis.search.video.video_inputs import check_videos, count_views, file_of
from mmosis.search.video.video_reader import is_video, is_webcam
from mmosis.search.video.video_search import search_video
from mmosis.search.views import describe_plans
from mmosis.structures import FoundObjects
from mmosis.utils.atomic import remove_leftovers
from mmosis.utils.errors import TOO_LITTLE, is_memory_error
from mmosis.utils.format_names import check_format
from mmosis.utils.json_file import write_lists
from mmosis.utils.progress import track

from .export_folder import check_unchanged, export_search
from .image_list import ImageList, find_images
from .output_names import absolute_paths, is_inside, overlay_name, video_overlay_name
from .overlay_folder import name_images
from .parquet import SUFFIX, require_parquet, write_detections
from .search_journal import CROPS, JOURNAL, OVERLAYS, SearchJournal
from .search_settings import describe_settings

ANNOTATIONS = 'annotations.json'
NO_MEMORY = f'{TOO_LITTLE}, or search in tiles (--tile)'


@dataclass(frozen=True)
class SearchReport:
    """What came out.

    Attributes:
        annotations: The file of what was found.
        num_images: Images in it.
        num_found: Objects in it.
        errors: Images that could not be searched, and why.
        num_kept: Images in it of an earlier search, if that was not of the same images; else 0.
        num_added: Images that the earlier search was not asked for.
        best_score: The best of all images, below the threshold too; 0 if nothing was found.
        searched: How they were searched, e.g. 'in 12 tiles of 768 pixels'; empty where that is not known.
        export: The folder of the format that was asked for.
    """

    annotations: Path
    num_images: int
    num_found: int
    errors: dict[str, str]
    num_kept: int = 0
    num_added: int = 0
    best_score: float = 0.0
    searched: str = ''
    export: Path | None = None


# Searches (file, name) each for a bank, in any order: a record of each as search_file makes it.
Executor = Callable[[Sequence[tuple[str, str]], ReferenceBank, Path, SearchOptions], Generator[dict, None, None]]


def search_images(
    inferencer: SearchBase,
    inputs: str | Path | Sequence[str | Path] | ImageList,
    bank: ReferenceBank,
    out: str | Path,
    options: SearchOptions,
    resume: bool = False,
    executor: Executor | None = None,
    format: str | None = None,
) -> SearchReport:
    """Search images, and write ``annotations.json`` in COCO format, ``overlays/`` and ``crops/``.

    Each image is kept as it is done: after a stop, ``annotations.json`` has all that was done, and ``resume`` goes on.
    A path that names no image or one that cannot be read stops nothing; it is reported, and tried again by ``resume``.
    Other images may be given then: they are added, after those that the earlier search was asked for. A stop ends the
    search of a webcam, and all else stays to be done.

    Args:
        inferencer: The model.
        inputs: What :func:`~mmosis.search.folders.image_list.find_images` takes, videos too, without arrays, or what it
            gives.
        bank: What to search for.
        out: Folder to write, or a file in it that ends in ``.parquet``, which gets what was found instead of
            ``annotations.json``; see :func:`~mmosis.search.folders.parquet.write_detections`.
        options: How.
        resume: Whether to go on with a search that was stopped.
        executor: What searches the images in other processes, see :func:`~mmosis.search.ray.ray_search.ray_workers`; by
            default this one does.
        format: One of ``FORMATS``: when all images are done, what was found is also written to a folder of this name,
            see :func:`~mmosis.search.folders.export_folder.export_search`, also by a resumed search that had none.

    Raises:
        FileNotFoundError: If an image or a folder does not exist, and there is no other.
        ImportError: If Parquet or tracks are asked for and their package is not installed.
        ValueError: If the bank is of another model, an image comes twice, there is none, another process writes to the
            folder, or it has the results of another search, annotations of none, the images themselves where others
            would be written, or an export that was changed; or the format is unknown.
        OSError: If nothing can be written there.
    """
    if format is not None:
        check_format(format)
    inferencer.check_bank(bank)
    listed = inputs if isinstance(inputs, ImageList) else find_images(inputs, videos=True)
    listed.require_one()
    is_live = check_videos(listed.images, options, executor is not None)
    files = absolute_paths([file_of(image) for image in listed.images])
    folder, annotations = _places(Path(out))
    _check_nothing_is_overwritten(files, folder, annotations, options, format)
    with SearchJournal(folder / JOURNAL, describe_settings(inferencer, bank, options), resume) as journal:
        remove_leftovers(folder, OVERLAYS, CROPS)
        num_kept, num_asked = len(journal.results()), len(journal.names)
        if is_live and num_kept:
            raise ValueError('what a webcam showed before is gone, it cannot be resumed; write to another folder')
        names = name_images(files, journal, _drawn_folders(folder, bank, options))
        are_others = len(journal.names) > num_asked or not journal.searched() <= set(names)
        # An address is read as it was given; MMEngine has backends for some.
        sources = [
            given if '://' in given or is_webcam(given) else file
            for given, file in zip(listed.images, files, strict=True)
        ]
        todo = [(source, name) for source, name in zip(sources, names, strict=True) if name not in journal.records]
        errors: dict[str, str] = {}
        search, total = executor or _search_here(inferencer, journal.records), count_views(todo, options)
        with closing(search(todo, bank, folder, options)) as found:
            try:
                with suppress(KeyboardInterrupt) if is_live else nullcontext():  # nothing else ends a webcam
                    _keep(journal, track(found, 'Search', total, disable=not inferencer.show_progress), errors)
            finally:
                records = complete_tracks(journal.results()) if options.track else journal.results()
                _write(annotations, records, bank.names)
        if format is not None:
            export_search(
                folder / format, ExportContent(records, bank.names), Path(journal.folders[-1]), options.max_pixels
            )
    problems = {name: str(error) for name, error in listed.problems.items()}
    resumed = dict(num_kept=num_kept, num_added=len(journal.names) - num_asked) if num_kept and are_others else {}
    return SearchReport(
        annotations,
        num_images=len(records),
        num_found=sum(len(record['found']) for record in records),
        errors=problems | {name: errors[name] for name in names if name in errors},
        best_score=max((record.get('best_score', 0.0) for record in records), default=0.0),
        searched=describe_plans([plan for record in records for plan in record.get('plans', [])]),
        export=None if format is None else folder / format,
        **resumed,
    )


def search_file(
    inferencer: SearchBase, file: str, name: str, bank: ReferenceBank, folder: Path, options: SearchOptions
) -> dict:
    """Search one image, draw it, and describe it.

    Args:
        inferencer: The model.
        file: The image.
        name: Its name in the COCO file.
        bank: What to search for.
        folder: Folder to write.
        options: How.

    Returns:
        dict: As :func:`~mmosis.search.exports.coco_export.describe_image` makes it, with ``best_score``, below the
        threshold too, and ``plans``, in which views it was searched; or ``file_name`` and ``error``.

    Raises:
        OSError: If its overlay cannot be written.
    """
    try:
        image = load_image(file, options.max_pixels)
    except (OSError, ValueError, ImportError, MemoryError) as error:
        return dict(file_name=name, error=str(error) or NO_MEMORY)
    try:
        return _search_image(inferencer, image, name, bank, folder, options)
    except Exception as error:
        if is_memory_error(error):
            return dict(file_name=name, error=NO_MEMORY)
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
            return dict(file_name=name, error=f'{error.strerror}; give it a shorter name, or search without overlays')
        raise


def _search_image(
    inferencer: SearchBase, image: np.ndarray, name: str, bank: ReferenceBank, folder: Path, options: SearchOptions
) -> dict:
    searched = inferencer.search_image(image, bank, options)
    found = searched.found[searched.found.scores >= options.score_thr]
    best = float(searched.found.scores.max(initial=0))
    if options.overlays:
        drawn = draw_search(image[..., ::-1], found, bank.names, bank.wanted_thumbnails())
        write_image(folder / OVERLAYS / overlay_name(name), drawn)
    record = describe_image(name, image.shape[:2], found, options.score_thr, options.polygons)
    if options.crops:
        write_crops(image, record, bank.names, folder / CROPS)
    if options.track:
        record['weak'] = describe_weak(searched.found, options.score_thr)
    return dict(record, best_score=round(best, 4), plans=[plan.describe() for plan in searched.plans])


def _search_here(inferencer: SearchBase, done: Mapping[str, dict]) -> Executor:
    """Make what searches images and videos in this process, but for the frames that are done."""

    def search(
        todo: Sequence[tuple[str, str]], bank: ReferenceBank, folder: Path, options: SearchOptions
    ) -> Generator[dict, None, None]:
        def search_frame(frame: np.ndarray, name: str) -> dict:
            return _search_image(inferencer, frame, name, bank, folder, replace(options, overlays=False))

        for file, name in todo:
            if is_video(file):
                overlay = folder / OVERLAYS / video_overlay_name(name) if options.overlays else None
                yield from search_video(file, name, search_frame, done, bank, overlay, options)
            else:
                yield search_file(inferencer, file, name, bank, folder, options)

    return search


def search_array(
    inferencer: SearchBase, image: np.ndarray, bank: ReferenceBank, options: SearchOptions
) -> FoundObjects:
    """Search one image (H, W, 3) BGR.

    Returns:
        FoundObjects: ``bboxes``, ``scores`` from the threshold up, ``labels``, and ``masks`` where the model gives
        them, the best first.
    """
    found = inferencer.search_image(image, bank, options).found
    return found[found.scores >= options.score_thr]


def _places(out: Path) -> tuple[Path, Path]:
    """Folder to write, and the file of what was found."""
    folder = out.parent if out.suffix == SUFFIX else out
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f'{folder} is a file; results are written to a folder, which is made if need be')
    if out.suffix != SUFFIX:
        return out, out / ANNOTATIONS
    require_parquet()
    return out.parent, out


def _check_nothing_is_overwritten(
    files: Sequence[str], folder: Path, annotations: Path, options: SearchOptions, format: str | None
) -> None:
    written = [(OVERLAYS, options.overlays), (CROPS, options.crops), (format, format is not None)]
    for name in (name for name, is_written in written if is_written):
        if any(is_inside(file, folder / name) for file in files):
            raise ValueError(f'{name} would overwrite images in {folder / name}; write to another folder')
    if format is not None:
        check_unchanged(folder / format)
    if annotations.exists() and not (folder / JOURNAL).exists():
        raise ValueError(f'{annotations} is of no search that can go on, {JOURNAL} is missing; write to another folder')


def _write(annotations: Path, records: Sequence[dict], classes: Sequence[str]) -> None:
    if annotations.suffix == SUFFIX:
        write_detections(annotations, records, classes)
    else:
        write_lists(annotations, to_coco(records, classes))


def _drawn_folders(folder: Path, bank: ReferenceBank, options: SearchOptions) -> list[Path]:
    """Folders with files that are named after images."""
    crops = [folder / CROPS / category_folder(name) for name in bank.names] if options.crops else []
    return [folder / OVERLAYS, *crops] if options.overlays else crops


def _keep(journal: SearchJournal, found: Iterable[dict], errors: dict[str, str]) -> None:
    """Keep each record as it comes, and the errors among them."""
    for record in found:
        journal.add(record)
        if 'error' in record:
            errors[record['file_name']] = record['error']
