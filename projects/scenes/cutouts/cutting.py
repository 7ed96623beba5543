"""Cut objects out of the images of a source, into a folder of cut-outs and backgrounds with a journal."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

from mmosis.utils.coco_file import load_coco
from mmosis.utils.coco_images import check_images
from mmosis.utils.image import decode_image, read_image
from mmosis.utils.masks import decode_segmentation
from mmosis.utils.rng import generator
from projects.scenes.journal import fill_journal

from .crop import write_background, write_cutout
from .source import Source

_BORDER = 2


@dataclass(frozen=True)
class SourceImage:
    """A photograph to work on.

    Attributes:
        image: Its entry in the annotation file.
        annotations: Its objects that may be shown.
        categories: The category of each.
        wanted: Ids of those to cut out.
        is_background: Whether the photograph is kept as a background.
    """

    image: dict
    annotations: list[dict]
    categories: list[str]
    wanted: set[int]
    is_background: bool


def cut_out(source: Source, out_dir: Path, num_workers: int = 0) -> Path:
    """Cut all objects out of a source; go on where an earlier run stopped.

    Args:
        source: What to cut out.
        out_dir: Folder that gets ``cutouts/``, ``grounds/`` and ``journal.jsonl`` with what was cut of each image.
        num_workers: Processes; 0 cuts in this one.

    Returns:
        The journal.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file is no image or no annotation file, or the folder has cut-outs of other settings.
    """
    # Where the folder lies and how often it is used make no difference to a cut-out.
    settings = {key: value for key, value in asdict(source).items() if key not in ('folder', 'weight')}
    make, num = _cut_photographs(source, out_dir) if source.type == 'coco' else _cut_alpha_images(source, out_dir)
    fill_journal(out_dir / 'journal.jsonl', dict(settings, digest=source.digest()), make, num, num_workers)
    return out_dir / 'journal.jsonl'


def _cut_alpha_images(source: Source, out_dir: Path) -> tuple[Callable[[int], dict], int]:
    paths = source.image_paths()
    return partial(_cut_alpha_image, source=source, paths=paths, out_dir=out_dir), len(paths)


def _cut_alpha_image(index: int, source: Source, paths: list[Path], out_dir: Path) -> dict:
    """Cut out what an image's alpha shows; images without alpha, or too small ones, give nothing."""
    path = paths[index]
    image = decode_image(path.read_bytes(), str(path), 'unchanged')
    if image.ndim != 3 or image.shape[2] != 4 or image.dtype != np.uint8:
        return dict(cutouts=[], ground=None)
    cutout = write_cutout(image, out_dir / 'cutouts' / f'{index:06d}.png', source)
    return dict(cutouts=[dict(cutout, kind=f'{source.name}/{path.stem}')] if cutout else [], ground=None)


def _cut_photographs(source: Source, out_dir: Path) -> tuple[Callable[[int], dict], int]:
    photographs = _choose(source)
    return partial(_cut_photograph, source=source, photographs=photographs, out_dir=out_dir), len(photographs)


def _choose(source: Source) -> list[SourceImage]:
    """Choose, from the annotation file alone, what is cut out and which photographs are backgrounds."""
    img_dir = Path(source.folder, source.img_prefix)
    coco = load_coco(str(Path(source.folder, source.ann_file)), str(img_dir))
    names = {cat_id: category['name'] for cat_id, category in coco.cats.items()}
    excluded = source.excluded([category['name'] for category in coco.dataset['categories']])
    shown = [a for a in coco.dataset['annotations'] if names[a['category_id']] not in excluded]
    if source.each_a_kind:
        shown = [a for a in shown if not a['iscrowd']]
    by_category, by_image = defaultdict(list), defaultdict(list)
    for annotation in shown:
        stem = Path(coco.imgs[annotation['image_id']]['file_name']).stem
        own = f'{source.name}/{stem}-{annotation["id"]}'
        category = own if source.each_a_kind else names[annotation['category_id']]
        by_image[annotation['image_id']].append((annotation, category))
        if _is_large(annotation, source):
            by_category[category].append(annotation['id'])
    rng = generator(0, 'cut-outs')
    wanted = {i for ids in by_category.values() for i in rng.permutation(ids)[: source.max_per_kind].tolist()}
    unfit = {a['image_id'] for a in coco.dataset['annotations'] if names[a['category_id']] in excluded}
    fit = [img_id for img_id in coco.imgs if img_id not in unfit]
    backgrounds = set(rng.permutation(fit)[: source.max_grounds].tolist())
    photographs = [
        _source_image(coco.imgs[img_id], by_image[img_id], wanted, img_id in backgrounds) for img_id in coco.imgs
    ]
    photographs = [photograph for photograph in photographs if photograph.wanted or photograph.is_background]
    check_images([str(img_dir / photograph.image['file_name']) for photograph in photographs])
    return photographs


def _source_image(image: dict, found: list[tuple[dict, str]], wanted: set[int], is_background: bool) -> SourceImage:
    ids = {annotation['id'] for annotation, _ in found}
    return SourceImage(image, [a for a, _ in found], [category for _, category in found], wanted & ids, is_background)


def _is_large(annotation: dict, source: Source) -> bool:
    """Tell whether an object's box is large enough to be cut out."""
    return not annotation['iscrowd'] and max(annotation['bbox'][2:]) >= source.min_side


def _cut_photograph(index: int, source: Source, photographs: list[SourceImage], out_dir: Path) -> dict:
    photograph = photographs[index]
    shape = photograph.image['height'], photograph.image['width']
    image = read_image(str(Path(source.folder, source.img_prefix, photograph.image['file_name'])), shape)
    masks = [_decode(annotation, shape) for annotation in photograph.annotations]
    cutouts = []
    for annotation, mask, category in zip(photograph.annotations, masks, photograph.categories, strict=True):
        if annotation['id'] in photograph.wanted and (source.cut_by_border or not _meets_border(mask)):
            path = out_dir / 'cutouts' / f'{index:06d}_{annotation["id"]}.png'
            if cutout := write_cutout(np.dstack([image, 255 * mask]), path, source):
                cutouts.append(dict(cutout, kind=category))
    if not photograph.is_background:
        return dict(cutouts=cutouts, ground=None)
    crowds = [bool(annotation['iscrowd']) for annotation in photograph.annotations]
    objects = list(zip(photograph.categories, crowds, masks, strict=True))
    return dict(cutouts=cutouts, ground=write_background(image, objects, out_dir / 'grounds' / f'{index:06d}', source))


def _decode(annotation: dict, shape: tuple[int, int]) -> np.ndarray:
    """Decode a mask; one that is missing or covers no pixel is empty, and the object is skipped."""
    try:
        return decode_segmentation(annotation.get('segmentation'), shape)
    except ValueError:
        return np.zeros(shape, np.uint8)


def _meets_border(mask: np.ndarray) -> bool:
    inside = mask[_BORDER:-_BORDER, _BORDER:-_BORDER]
    return bool(inside.sum() < mask.sum())
