"""What was found as Ultralytics reads it: ``data.yaml``, and a file of outlines for each image (YOLO-seg)."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .export_content import ExportContent, printable, write_text
from .outlines import box_corners

LABELS, IMAGES = 'labels', 'images'


def write_yolo(content: ExportContent, folder: Path) -> list[Path]:
    """Write a line for each object: the index of its class and its outline, in fractions of the image.

    An object of several parts is one line, whose parts are joined by lines of no width between their nearest points, as
    Ultralytics' own converter from COCO joins them. Holes are filled. An object without a mask has the corners of its
    box. Scores have no place in the format. An image in which nothing was found has an empty file: Ultralytics trains
    with it as background.

    Args:
        content: What.
        folder: Folder to write.

    Returns:
        list: The files.
    """
    quoted = (json.dumps(printable(name), ensure_ascii=False) for name in content.classes)
    names = ''.join(f'  {label}: {name}\n' for label, name in enumerate(quoted))
    files = [folder / 'data.yaml']
    write_text(files[0], f'train: {IMAGES}\nval: {IMAGES}\nnames:\n{names}')
    for record in content.records:
        lines = [_as_line(row, record, content.outline(row)) for row in record['found']]
        files.append(folder / LABELS / f'{content.stems[record["file_name"]]}.txt')
        write_text(files[-1], ''.join(f'{line}\n' for line in lines))
    return files


def _as_line(row: dict, record: dict, parts: list[list[float]]) -> str:
    polygons = [np.reshape(part, (-1, 2)) for part in parts or [box_corners(row['bbox'])]]
    points = polygons[0] if len(polygons) == 1 else _join(polygons)
    fractions = (points / (record['width'], record['height'])).clip(0, 1)
    return ' '.join([str(row['label']), *(f'{value:.6g}' for value in fractions.ravel())])


def _join(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Join polygons (N, 2) to one, there and back along the shortest line between points of one and of the others."""
    from scipy.spatial import cKDTree  # slow to import, and most objects are of one part

    joined = parts[0]
    for part in parts[1:]:
        distances, nearest = cKDTree(joined).query(part)
        start = int(distances.argmin())
        there, loop = nearest[start], np.roll(part, -start, axis=0)
        joined = np.concatenate([joined[: there + 1], loop, loop[:1], joined[there:]])
    return joined
