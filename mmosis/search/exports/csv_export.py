"""What was found as two tables: the objects, and how many of each category are in each image."""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import Any

from mmosis.utils.atomic import open_atomic

from .export_content import ExportContent, printable

OBJECTS, COUNTS = 'objects.csv', 'counts.csv'


def write_csv(content: ExportContent, folder: Path) -> list[Path]:
    """Write ``objects.csv``, a row for each object, and ``counts.csv``, a row for each image and category, 0 included.

    Boxes and areas are in pixels. Arguments and result are those of
    :func:`~mmosis.search.exports.yolo_export.write_yolo`.
    """
    objects = (
        (record['file_name'], content.classes[row['label']], row['score'], *row['bbox'], row['area'])
        for record in content.records
        for row in record['found']
    )
    counts = (
        (record['file_name'], name, number)
        for record in content.records
        for name, number in zip(content.classes, _count(record, len(content.classes)), strict=True)
    )
    _write(folder / OBJECTS, ('file', 'category', 'score', 'x', 'y', 'w', 'h', 'area'), objects)
    _write(folder / COUNTS, ('file', 'category', 'count'), counts)
    return [folder / OBJECTS, folder / COUNTS]


def _count(record: dict, num_classes: int) -> list[int]:
    labels = Counter(row['label'] for row in record['found'])
    return [labels[label] for label in range(num_classes)]


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with open_atomic(path) as file:
        for row in chain([header], rows):
            text = StringIO()
            values = [printable(value) if isinstance(value, str) else value for value in row]
            csv.writer(text, lineterminator='\n').writerow(values)
            file.write(text.getvalue().encode())
