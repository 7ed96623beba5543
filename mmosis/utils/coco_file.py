"""Open a COCO-format annotation file: checked once, as a whole, with clear words for what is wrong with it."""

from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from mmdet.datasets.api_wrappers import COCO

from .coco_categories import settle_categories
from .coco_ids import settle_ids
from .coco_objects import settle_objects
from .coco_outlines import MAX_PIXELS
from .coco_pictures import turn_upright
from .coco_schema import decode_coco


class CheckedCOCO(COCO):
    """An annotation file that :func:`load_coco` has checked.

    Attributes:
        skipped: Of each annotation id that is neither found nor shown as a reference the reason, one of
            :data:`~mmosis.utils.coco_objects.REASONS`.
        placeholders: Names of categories that stand for no objects, which are dropped.
    """

    skipped: dict[int | str, str]
    placeholders: list[str]


def load_coco(ann_file: str, img_dir: str | None = None) -> CheckedCOCO:
    """Load, check and index an annotation file.

    Numbers that come as text or as 80.0 become numbers, category names become text, file names have slashes, outlines
    are in COCO's form. Fields that are not used are dropped. Files without ``iscrowd`` or ``area`` get 0 and
    the box's area, as COCO would have for plain boxes.

    Args:
        ann_file: Path of the JSON file.
        img_dir: Folder of its pictures, if they may be looked at: see :func:`~mmosis.utils.coco_pictures.turn_upright`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not COCO format, empty, something in it is of a wrong type, out of its range, refers to
            nothing or is not unique where it must be; or if all objects are skipped.
    """
    if not Path(ann_file).is_file():
        raise FileNotFoundError(
            f'annotation file {ann_file} does not exist; check data_root and ann_file in the config'
        )
    dataset = decode_coco(ann_file)
    coco = CheckedCOCO()
    try:
        settle_ids(dataset)
        _settle_images(dataset['images'])
        coco.placeholders = settle_categories(dataset)
        if img_dir and Path(img_dir).is_dir():
            turn_upright(dataset, img_dir)
        coco.skipped = settle_objects(dataset)
    except ValueError as error:
        raise ValueError(f'{ann_file}: {error}') from error
    coco.dataset = dataset
    with redirect_stdout(StringIO()):  # pycocotools prints that it does it
        coco.createIndex()
    coco.img_ann_map, coco.cat_img_map = coco.imgToAnns, coco.catToImgs
    return coco


def _settle_images(images: list[dict]) -> None:
    for image in images:
        if image['height'] * image['width'] > MAX_PIXELS:
            raise ValueError(
                f'image {image["id"]} must have at most {MAX_PIXELS} pixels, got {image["width"]}x{image["height"]}'
            )
        image['file_name'] = image['file_name'].replace('\\', '/')  # as Windows writes paths
