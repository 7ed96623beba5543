"""search_images: search many images and write what label tools import."""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from mmosis.structures import FoundObjects
from mmosis.utils.atomic import write_atomic
from mmosis.utils.progress import track

from .base import SearchBase
from .coco_export import describe_image, to_coco
from .competition import compete
from .images import list_images, load_image
from .journal import Journal
from .overlay import draw_search
from .reference_bank import ReferenceBank
from .tiling import merge_tiles, plan_tiles

ANNOTATIONS, JOURNAL, OVERLAYS = 'annotations.json', 'journal.jsonl', 'overlays'


@dataclass(frozen=True)
class SearchSettings:
    """How to search, and what to write.

    Attributes:
        score_thr: What scores less is left out, 0-1.
        keep_all: Whether categories do not compete for a region.
        tile: Side of the tiles in pixels in which larger images are searched; None searches every image whole.
        overlap: What neighbouring tiles share, as a share of a tile; objects up to this size are seen whole.
        polygons: Whether masks are written as polygons, else as RLE.
        overlays: Whether pictures of the results are written.

    Raises:
        ValueError: If a number is out of its range.
    """

    score_thr: float = 0.5
    keep_all: bool = False
    tile: int | None = None
    overlap: float = 0.25
    polygons: bool = False
    overlays: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.score_thr <= 1:
            raise ValueError(f'the score threshold must be in 0-1, got {self.score_thr}')
        if self.tile is not None:
            plan_tiles((self.tile, self.tile), self.tile, self.overlap)


@dataclass(frozen=True)
class SearchReport:
    """What came out.

    Attributes:
        annotations: The COCO-format file.
        num_images: Images in it.
        num_found: Objects in it.
        errors: Images that could not be searched, and why.
    """

    annotations: Path
    num_images: int
    num_found: int
    errors: dict[str, str]


def search_images(
    inferencer: SearchBase,
    inputs: str | Path | Sequence[str | Path],
    bank: ReferenceBank,
    out_dir: str | Path,
    settings: SearchSettings,
    resume: bool = False,
) -> SearchReport:
    """Search images, and write ``annotations.json`` in COCO format and ``overlays/``.

    Each image is kept as it is done: after a stop, ``annotations.json`` has all that was done, and ``resume`` goes on.
    An image that cannot be read stops nothing; it is reported, and tried again by ``resume``.

    Args:
        inferencer: The model.
        inputs: Image files, folders, or a list of them.
        bank: What to search for.
        out_dir: Folder to write.
        settings: How.
        resume: Whether to go on with a search that was stopped.

    Raises:
        FileNotFoundError: If an image or a folder does not exist.
        ValueError: If the bank is of another model, an image comes twice, or the folder has the results of another
            search, or the images themselves where overlays would be.
        OSError: If nothing can be written there.
    """
    bank.check_fingerprint(inferencer.fingerprint)
    files = list_images(inputs)
    out_dir, errors = Path(out_dir), {}
    folder, names = _names(files)
    if settings.overlays and any((out_dir / OVERLAYS).resolve() in Path(file).resolve().parents for file in files):
        raise ValueError(f'overlays would overwrite images in {out_dir / OVERLAYS}; write to another folder')
    told = dict(
        asdict(settings),
        folder=folder,
        classes=bank.names,
        references=_digest(bank),
        image_scale=inferencer.image_scale,
        scales=asdict(inferencer.scales),
        calibration=inferencer.calibration and asdict(inferencer.calibration),
        precision=inferencer.precision,
    )
    with Journal(out_dir / JOURNAL, told, resume) as journal:
        todo = [(file, name) for file, name in zip(files, names, strict=True) if name not in journal.records]
        try:
            for record in _search_each(inferencer, todo, bank, out_dir, settings):
                journal.add(record)
                if 'error' in record:
                    errors[record['file_name']] = record['error']
        finally:
            records = [journal.records[name] for name in names if name in journal.records]
            write_atomic(out_dir / ANNOTATIONS, json.dumps(to_coco(records, bank.names)))
    num_found = sum(len(record['found']) for record in records)
    return SearchReport(out_dir / ANNOTATIONS, len(records), num_found, errors)


def _search_each(
    inferencer: SearchBase,
    todo: Sequence[tuple[str, str]],
    bank: ReferenceBank,
    out_dir: Path,
    settings: SearchSettings,
) -> Iterator[dict]:
    """Search one image after the other, draw it, and describe it."""
    for file, name in track(todo, 'Search', disable=not inferencer.show_progress):
        try:
            image = load_image(file)
        except (OSError, ValueError) as error:
            yield dict(file_name=name, error=str(error))
            continue
        found = search_array(inferencer, image, bank, settings)
        if settings.overlays:
            _write_overlay(out_dir / OVERLAYS / _picture_name(name), image, found, bank)
        yield describe_image(name, image.shape[:2], found, settings.score_thr, settings.polygons)


def search_array(
    inferencer: SearchBase, image: np.ndarray, bank: ReferenceBank, settings: SearchSettings
) -> FoundObjects:
    """Search one image (H, W, 3) BGR, in tiles if it is larger than one.

    Returns:
        FoundObjects: ``bboxes``, ``scores`` from the threshold up, ``labels``, and ``masks`` where the model gives
        them, the best first.
    """
    tiles = [(0, 0, image.shape[1], image.shape[0])]
    if settings.tile is not None:
        tiles = plan_tiles(image.shape[:2], settings.tile, settings.overlap)
    found = [_search_tile(inferencer, image, tile, bank, settings) for tile in tiles]
    if len(tiles) == 1:
        return found[0]
    merged = merge_tiles(found, tiles, image.shape[:2])
    return merged if settings.keep_all else compete(merged, len(bank.names), inferencer.competition_iou_thr)


def _search_tile(
    inferencer: SearchBase, image: np.ndarray, tile: Sequence[int], bank: ReferenceBank, settings: SearchSettings
) -> FoundObjects:
    """Search a part of an image; what scores too little is left out at once, for its memory."""
    x1, y1, x2, y2 = tile
    part = np.ascontiguousarray(image[y1:y2, x1:x2])
    found = inferencer.search(part, bank, settings.keep_all, image.shape[:2])
    return found[found.scores >= settings.score_thr]


def _names(files: Sequence[str]) -> tuple[str, list[str]]:
    """Folder that all files are in, and their names below it, as the COCO file has them."""
    paths = [Path(os.path.abspath(file)) for file in files]  # a link keeps its own name
    root = os.path.commonpath([path.parent for path in paths])
    names = [path.relative_to(root).as_posix() for path in paths]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise ValueError(f'an image is to be searched once, got {", ".join(twice[:5])} more than once')
    return root, names


def _picture_name(name: str) -> str:
    return name if Path(name).suffix.lower() in ('.jpg', '.jpeg') else f'{name}.jpg'


def _write_overlay(path: Path, image: np.ndarray, found: FoundObjects, bank: ReferenceBank) -> None:
    drawn = draw_search(image[..., ::-1], found, bank.names, bank.pictures())
    _, jpeg = cv2.imencode('.jpg', drawn[..., ::-1])
    write_atomic(path, jpeg.tobytes())


def _digest(bank: ReferenceBank) -> str:
    """Hash encodings, categories and sizes, so that only a search for the same references is resumed."""
    digest = hashlib.sha256(json.dumps([bank.fingerprint, bank.categories, bank.sizes()]).encode())
    for array in bank.encoded:
        digest.update(array.tobytes())
    return digest.hexdigest()
