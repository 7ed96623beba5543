"""write_export: what was found, as a folder in one of several formats."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from mmosis.utils.json_file import write_lists

from .coco_export import to_coco
from .coco_import import from_coco
from .csv_export import write_csv
from .export_content import ExportContent
from .labelme_export import write_labelme
from .outlines import as_tolerance
from .voc_export import IMAGES as VOC_IMAGES
from .voc_export import write_voc
from .yolo_export import IMAGES as YOLO_IMAGES
from .yolo_export import write_yolo

FORMATS = ('coco', 'yolo', 'labelme', 'voc', 'csv')
COCO_ANNOTATIONS, COCO_IMAGES = 'annotations/instances_default.json', 'images/default'
_WRITERS = dict(yolo=write_yolo, labelme=write_labelme, voc=write_voc, csv=write_csv)
_IMAGES = dict(yolo=YOLO_IMAGES, labelme='.', voc=VOC_IMAGES)


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

    - ``coco``: ``annotations/instances_default.json`` and ``images/default/``, as datumaro has it;
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
    if format == 'coco':
        files = [folder / COCO_ANNOTATIONS]
        write_lists(files[0], to_coco(map(content.simplified, content.records), content.classes))
        return files + content.link_images(folder / COCO_IMAGES, images or {}, by_stem=False)
    files = _WRITERS[format](content, folder)
    if format in _IMAGES:
        files += content.link_images(folder / _IMAGES[format], images or {})
    return files


def check_format(format: str) -> None:
    """Refuse a format that there is not.

    Raises:
        ValueError: Says which there are, and which may be meant.
    """
    if format not in FORMATS:
        near = get_close_matches(str(format), FORMATS, 1)
        meant = f'; did you mean {near[0]}?' if near else ''
        raise ValueError(f'the format must be one of {", ".join(FORMATS)}, got {format!r}{meant}')
