"""write_export: what was found, as a folder in one of several formats."""

from collections.abc import Mapping
from pathlib import Path

from mmosis.utils.format_names import check_format

from .coco_folder import IMAGES as COCO_IMAGES
from .coco_folder import write_coco
from .coco_import import from_coco
from .csv_export import write_csv
from .export_content import ExportContent
from .labelme_export import write_labelme
from .outlines import as_tolerance
from .voc_export import IMAGES as VOC_IMAGES
from .voc_export import write_voc
from .yolo_export import IMAGES as YOLO_IMAGES
from .yolo_export import write_yolo

# What writes a format, and where its images belong.
_WRITERS = dict(
    coco=(write_coco, COCO_IMAGES),
    yolo=(write_yolo, YOLO_IMAGES),
    labelme=(write_labelme, '.'),
    voc=(write_voc, VOC_IMAGES),
    csv=(write_csv, None),
)


def write_export(
    coco: dict, format: str, folder: Path, *, polygons: float | None = None, images: Mapping[str, Path] | None = None
) -> list[Path]:
    """Write the content of a COCO-format file in another format, or as the folder that COCO's importers open.

    Args:
        coco: ``images``, ``annotations`` with RLE or polygons and maybe a ``score``, ``categories``.
        format: One of ``FORMATS``, see :func:`write_records`.
        folder: Folder to write; files of these names are replaced.
        polygons: Tolerance in pixels by which outlines are simplified. By default no point is dropped, and COCO keeps
            what it has, RLE included.
        images: Where an image is, by its ``file_name``. Links to these are written where the format has a place for
            them.

    Returns:
        list: The files, and then the links.

    Raises:
        ValueError: If the format is unknown, the tolerance is negative, or the content is no COCO-format file; the
            message says what is wrong.
        OSError: If a file cannot be written.
    """
    check_format(format)
    records, classes = from_coco(coco)
    return write_records(ExportContent(records, classes, as_tolerance(polygons)), format, folder, images)


def write_records(
    content: ExportContent, format: str, folder: Path, images: Mapping[str, Path] | None = None
) -> list[Path]:
    """Write a folder in one of these formats, one image at a time.

    - ``coco``: :func:`~mmosis.search.exports.coco_folder.write_coco`;
    - ``yolo``: :func:`~mmosis.search.exports.yolo_export.write_yolo`;
    - ``labelme``: :func:`~mmosis.search.exports.labelme_export.write_labelme`;
    - ``voc``: :func:`~mmosis.search.exports.voc_export.write_voc`;
    - ``csv``: :func:`~mmosis.search.exports.csv_export.write_csv`, without images.

    Args:
        content: What.
        format: One of ``FORMATS``.
        folder, images: As in :func:`write_export`.
    """
    folder = Path(folder)
    write, place = _WRITERS[format]
    files = write(content, folder)
    return files if place is None else files + content.link_images(folder / place, images or {})


def images_folder(format: str) -> str | None:
    """Where images belong in the folder of a format; None where they have no place."""
    return _WRITERS[format][1]
