"""What was found as datumaro opens it: ``annotations/instances_default.json`` and ``images/default/``."""

from collections.abc import Iterator
from pathlib import Path

from mmosis.utils.json_file import write_lists

from .coco_export import to_coco
from .export_content import ExportContent

ANNOTATIONS, IMAGES = 'annotations/instances_default.json', 'images/default'


def write_coco(content: ExportContent, folder: Path) -> list[Path]:
    """Write one file, with RLE and polygons as they are if there is no tolerance, else with polygons.

    Arguments and result are those of :func:`~mmosis.search.exports.yolo_export.write_yolo`.
    """
    write_lists(folder / ANNOTATIONS, to_coco(_records(content), content.classes))
    return [folder / ANNOTATIONS]


def _records(content: ExportContent) -> Iterator[dict]:
    for record in content.records:
        renamed = dict(record, file_name=content.image_name(record['file_name']))
        if content.tolerance is not None:
            renamed['found'] = [dict(row, segmentation=content.outline(row)) for row in record['found']]
        yield renamed
