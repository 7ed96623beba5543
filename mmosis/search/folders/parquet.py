"""Parquet files of searches: paths come in by them, detections go out."""

import json
import os
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from mmosis.utils.atomic import write_atomic
from mmosis.utils.install import install_hint

if TYPE_CHECKING:
    import pyarrow as pa

SUFFIX = '.parquet'
PATHS = 'path'  # the column of paths, where there are several of text


def require_parquet() -> None:
    """Refuse Parquet where it cannot be read and written.

    Raises:
        ImportError: If pyarrow is not installed.
    """
    if find_spec('pyarrow') is None:
        raise ImportError(
            f'Parquet files are read and written by pyarrow, which is not installed: {install_hint("ray")}'
        )


def read_paths(path: Path) -> list[str]:
    """Read the paths in a Parquet file, or a folder of such: the only column of text, or the one named ``path``.

    Raises:
        ImportError: If pyarrow is not installed.
        ValueError: If it is no Parquet file, or it does not say which column is meant, or a path is missing.
    """
    require_parquet()
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.ParquetDataset(path).schema
        texts = [field.name for field in schema if field.type in (pa.string(), pa.large_string())]
        column = PATHS if PATHS in texts or len(texts) != 1 else texts[0]
        paths = pq.read_table(path, columns=[column])[column].to_pylist() if column in texts else None
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f'{path} is no Parquet file, or a broken one: {str(error).splitlines()[0][:200]}') from error
    if paths is None:
        raise ValueError(
            f'{path} must have one column of text, or one named {PATHS!r}, with a path a row; its columns are '
            f'{", ".join(schema.names) or "none"}'
        )
    if None in paths:
        raise ValueError(f'{path} has a row without a path ({paths.index(None) + 1} of {len(paths)})')
    return paths


def write_detections(path: Path, records: Iterable[dict], classes: Sequence[str]) -> None:
    """Write a row for each object, completely or not at all.

    Args:
        path: The file.
        records: As :func:`~mmosis.search.exports.coco_export.describe_image` makes them.
        classes: Name of each label.

    Raises:
        OSError: If it cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [_as_row(record, found, classes) for record in records for found in record['found']]
    content = BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, _schema()), content)
    write_atomic(path, content.getvalue())


def _schema() -> 'pa.Schema':
    import pyarrow as pa

    numbers = [(name, pa.float64()) for name in ('score', 'x', 'y', 'w', 'h', 'area')]
    sizes = [(name, pa.int64()) for name in ('width', 'height')]
    return pa.schema(
        [('file_name', pa.string()), *sizes, ('category', pa.string()), *numbers, ('segmentation', pa.string())]
    )


def _as_row(record: dict, found: dict, classes: Sequence[str]) -> dict:
    image = {key: record[key] for key in ('file_name', 'width', 'height')}
    image['file_name'] = os.fsencode(image['file_name']).decode('utf-8', 'backslashreplace')  # Parquet has UTF-8 alone
    box = dict(zip('xywh', found['bbox'], strict=True))
    numbers = {key: found[key] for key in ('score', 'area')}
    return dict(
        image, category=classes[found['label']], **numbers, **box, segmentation=json.dumps(found['segmentation'])
    )
