"""search_images: search many images and write what label tools import."""

import errno
import hashlib
import json
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from mmosis.search.base import SearchBase
from mmosis.search.exports.coco_export import describe_image, to_coco
from mmosis.search.exports.export_content import ExportContent
from mmosis.search.exports.export_formats import write_records
from mmosis.search.exports.object_crops import category_folder, write_crops
from mmosis.search.images import load_image
from mmosis.search.options import SearchOptions
from mmosis.search.overlay import draw_search, write_image
from mmosis.search.reference_bank import ReferenceBank
from mmosis.search.views import describe_plans
from mmosis.structures import FoundObjects
from mmosis.utils.atomic import remove_leftovers
from mmosis.utils.errors import TOO_LITTLE, is_memory_error
from mmosis.utils.format_names import check_format
from mmosis.utils.json_file import write_lists
from mmosis.utils.progress import track

from .export_folder import check_unchanged, replace_folder
from .image_list import ImageList, find_images
from .output_names import absolute_paths, is_inside, overlay_name
from .overlay_folder import name_images
from .parquet import SUFFIX, require_parquet, write_detections
from .search_journal import CROPS, JOURNAL, OVERLAYS, SearchJournal

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
    Other images may be given then: they are added, after those that the earlier search was asked for.

    Args:
        inferencer: The model.
        inputs: What :func:`~mmosis.search.folders.image_list.find_images` takes, without arrays, or what it gives.
        bank: What to search for.
        out: Folder to write, or a file in it that ends in ``.parquet``, which gets what was found instead of
            ``annotations.json``; see :func:`~mmosis.search.folders.parquet.write_detections`.
        options: How.
        resume: Whether to go on with a search that was stopped.
        executor: What searches the images in other processes, see :func:`~mmosis.search.ray.ray_search.ray_workers`; by
            default this one does.
        format: One of ``FORMATS``: when all images are done, what was found is also written to a folder of this name,
            see :func:`~mmosis.search.exports.export_formats.write_records`, also by a resumed search that had none.

    Raises:
        FileNotFoundError: If an image or a folder does not exist, and there is no other.
        ImportError: If Parquet is asked for and pyarrow is not installed.
        ValueError: If the bank is of another model, an image comes twice, there is none, another process writes to the
            folder, or it has the results of another search, annotations of none, the images themselves where others
            would be written, or an export that was changed; or the format is unknown.
        OSError: If nothing can be written there.
    """
    if format is not None:
        check_format(format)
    inferencer.check_bank(bank)
    listed = inputs if isinstance(inputs, ImageList) else find_images(inputs)
    listed.require_one()
    files = absolute_paths(listed.images)
    folder, annotations = _places(Path(out))
    _check_nothing_is_overwritten(files, folder, annotations, options, format)
    with SearchJournal(folder / JOURNAL, _describe(inferencer, bank, options), resume) as journal:
        remove_leftovers(folder, OVERLAYS, CROPS)
        num_kept, num_asked = len(journal.records), len(journal.names)
        names = name_images(files, journal, _drawn_folders(folder, bank, options))
        are_others = len(journal.names) > num_asked or not journal.records.keys() <= set(names)
        # An address is read as it was given; MMEngine has backends for some.
        sources = [given if '://' in given else file for given, file in zip(listed.images, files, strict=True)]
        todo = [(source, name) for source, name in zip(sources, names, strict=True) if name not in journal.records]
        with closing((executor or _search_here(inferencer))(todo, bank, folder, options)) as found:
            try:
                errors = _keep(journal, track(found, 'Search', len(todo), disable=not inferencer.show_progress))
            finally:
                records = [journal.records[name] for name in journal.names if name in journal.records]
                _write(annotations, records, bank.names)
        if format is not None:
            _export(folder / format, records, bank.names, Path(journal.folders[-1]))
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
    return dict(record, best_score=round(best, 4), plans=[plan.describe() for plan in searched.plans])


def _search_here(inferencer: SearchBase) -> Executor:
    return lambda todo, *how: (search_file(inferencer, file, name, *how) for file, name in todo)


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


def _export(folder: Path, records: Sequence[dict], classes: Sequence[str], images: Path) -> None:
    """Write a folder in the format that it is named after, with links to the images that are files."""
    sources = {record['file_name']: images / record['file_name'] for record in records}
    there = {name: file for name, file in sources.items() if file.is_file()}
    replace_folder(folder, lambda part: write_records(ExportContent(records, classes), folder.name, part, there))


def _drawn_folders(folder: Path, bank: ReferenceBank, options: SearchOptions) -> list[Path]:
    """Folders with files that are named after images."""
    crops = [folder / CROPS / category_folder(name) for name in bank.names] if options.crops else []
    return [folder / OVERLAYS, *crops] if options.overlays else crops


def _keep(journal: SearchJournal, found: Iterable[dict]) -> dict[str, str]:
    """Keep each record as it comes; returns the errors among them."""
    errors = {}
    for record in found:
        journal.add(record)
        if 'error' in record:
            errors[record['file_name']] = record['error']
    return errors


def _describe(inferencer: SearchBase, bank: ReferenceBank, options: SearchOptions) -> dict:
    """All that results hang on, as plain values."""
    return dict(
        {name: getattr(options, name) for name in ('score_thr', 'keep_all', 'overlays')},
        polygons=options.polygons is not None,
        tolerance=options.polygons or None,  # and crops: null where it is off, as in journals from before
        crops=options.crops or None,
        classes=bank.names,
        references=_digest(bank),
        **asdict(inferencer.view_settings(options)),
        calibration=inferencer.calibration and asdict(inferencer.calibration),
        precision=inferencer.precision,
    )


def _digest(bank: ReferenceBank) -> str:
    """Hash encodings, categories, sizes and places, so that only a search for the same references is resumed."""
    places = [(entry.bbox, entry.picture, entry.outline) for entry in bank.entries]
    digest = hashlib.sha256(json.dumps([bank.fingerprint, bank.categories, bank.sizes(), places]).encode())
    for array in bank.encoded:
        digest.update(array.tobytes())
    return digest.hexdigest()
