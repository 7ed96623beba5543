"""What was found as LabelMe and X-AnyLabeling open it: a JSON file beside each image."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from .export_content import ExportContent, printable, write_text

VERSION = '5.5.0'  # of LabelMe, whose files these are


def write_labelme(content: ExportContent, folder: Path) -> list[Path]:
    """Write a file for each image, with a polygon for each part of an object; parts of one have a ``group_id``.

    Holes are filled. An object without a mask is a rectangle. X-AnyLabeling shows the ``score``, LabelMe keeps it.
    Arguments and result are those of :func:`~mmosis.search.exports.yolo_export.write_yolo`.
    """
    files = []
    for record in content.records:
        name = record['file_name']
        numbered = enumerate(record['found'], 1)
        labelled = dict(
            version=VERSION,
            flags={},
            shapes=[shape for number, row in numbered for shape in _shapes(number, row, content)],
            imagePath=os.path.basename(content.image_name(name)),
            imageData=None,
            imageHeight=record['height'],
            imageWidth=record['width'],
        )
        files.append(folder / f'{content.stems[name]}.json')
        write_text(files[-1], json.dumps(labelled))
    return files


def _shapes(number: int, row: dict, content: ExportContent) -> Iterator[dict]:
    """Shapes of an object, which has a number in its image."""
    parts = content.outline(row)
    x, y, width, height = row['bbox']
    for part in parts or [[x, y, x + width, y + height]]:
        yield dict(
            label=printable(content.classes[row['label']]),
            points=[list(point) for point in zip(part[::2], part[1::2], strict=True)],
            group_id=number if len(parts) > 1 else None,
            description='',
            shape_type='polygon' if parts else 'rectangle',
            flags={},
            score=row['score'],
        )
