"""Parquet in and out of a search."""

import json
import os
import re
from pathlib import Path

import pytest

from mmosis.search import to_coco
from mmosis.search.folders import parquet
from mmosis.search.folders.image_list import list_images
from mmosis.search.folders.parquet import read_paths, require_parquet, write_detections
from mmosis.utils.install import install_hint

pa = pytest.importorskip('pyarrow')
pq = pytest.importorskip('pyarrow.parquet')

RLE = dict(size=[40, 60], counts='abc')
FOUND = [
    dict(label=1, score=0.75, bbox=[1.5, 2.0, 3.0, 4.0], area=9.0, segmentation=RLE),
    dict(label=0, score=0.5, bbox=[0.0, 0.0, 8.0, 4.0], area=32.0, segmentation=[[0.0, 0.0, 8.0, 0.0, 8.0, 4.0]]),
]
RECORDS = [
    dict(file_name='a.jpg', height=40, width=60, found=FOUND),
    dict(file_name='b.jpg', height=41, width=61, found=[]),
    dict(file_name='c.jpg', height=42, width=62, found=FOUND[:1]),
]
CLASSES = ['mug', 'cup']


def write(file: Path, **columns: list) -> Path:
    pq.write_table(pa.table(columns), file)
    return file


class TestPaths:
    def test_the_only_column_of_text(self, tmp_path: Path) -> None:
        path = write(tmp_path / 'a.parquet', number=[1, 2], where=['x.jpg', 's3://b/y.jpg'])
        assert read_paths(path) == ['x.jpg', 's3://b/y.jpg']
        assert list_images(path) == [str(tmp_path / 'x.jpg'), 's3://b/y.jpg']

    def test_the_one_named_path(self, tmp_path: Path) -> None:
        assert read_paths(write(tmp_path / 'a.parquet', name=['n'], path=['x.jpg'])) == ['x.jpg']

    def test_a_folder_of_parts(self, tmp_path: Path) -> None:
        (tmp_path / 'a.parquet').mkdir()
        for name in ('x', 'y'):
            write(tmp_path / 'a.parquet' / f'{name}.parquet', path=[f'{name}.jpg'])
        assert list_images(tmp_path / 'a.parquet') == [str(tmp_path / name) for name in ('x.jpg', 'y.jpg')]

    @pytest.mark.parametrize(
        ('columns', 'message'),
        [
            (
                dict(a=['x'], b=['y']),
                "must have one column of text, or one named 'path', with a path a row; .* a, b",
            ),
            (dict(path=[1]), "must have one column of text, or one named 'path', .*its columns are path"),
            (dict(path=['x', None]), r'has a row without a path \(2 of 2\)'),
        ],
    )
    def test_what_is_not_clear(self, tmp_path: Path, columns: dict, message: str) -> None:
        with pytest.raises(ValueError, match=rf'a\.parquet {message}'):
            read_paths(write(tmp_path / 'a.parquet', **columns))

    def test_no_rows(self, tmp_path: Path) -> None:
        pq.write_table(pa.table(dict(path=pa.array([], pa.string()))), tmp_path / 'a.parquet')
        with pytest.raises(ValueError, match=r'a\.parquet names no image'):
            list_images(tmp_path / 'a.parquet')

    def test_no_parquet(self, tmp_path: Path) -> None:
        (tmp_path / 'a.parquet').write_text('a text, renamed')
        with pytest.raises(ValueError, match=r'a\.parquet is no Parquet file, or a broken one: '):
            read_paths(tmp_path / 'a.parquet')


class TestDetections:
    def test_the_numbers_of_the_coco_file(self, tmp_path: Path) -> None:
        write_detections(tmp_path / 'new' / 'a.parquet', RECORDS, CLASSES)
        rows = pq.read_table(tmp_path / 'new' / 'a.parquet').to_pylist()
        coco = to_coco(RECORDS, CLASSES)
        images = {image['id']: image for image in coco['images']}
        names = {category['id']: category['name'] for category in coco['categories']}
        assert len(rows) == len(coco['annotations']) == 3
        for row, annotation in zip(rows, coco['annotations'], strict=True):
            image = images[annotation['image_id']]
            assert {key: row[key] for key in ('file_name', 'width', 'height')}.items() <= image.items()
            assert row['category'] == names[annotation['category_id']]
            assert [row[key] for key in 'xywh'] == annotation['bbox']
            assert (row['score'], row['area']) == (annotation['score'], annotation['area'])
            assert json.loads(row['segmentation']) == annotation['segmentation']

    def test_a_name_that_is_not_in_utf_8(self, tmp_path: Path) -> None:
        records = [dict(RECORDS[0], file_name=os.fsdecode(b'\xff\xc3\xa9.jpg'))]
        write_detections(tmp_path / 'a.parquet', records, CLASSES)
        assert pq.read_table(tmp_path / 'a.parquet')['file_name'].to_pylist() == ['\\xffé.jpg'] * 2

    def test_types_are_plain_also_without_rows(self, tmp_path: Path) -> None:
        write_detections(tmp_path / 'a.parquet', RECORDS[1:2], CLASSES)
        table = pq.read_table(tmp_path / 'a.parquet')
        assert table.num_rows == 0
        types = {field.name: str(field.type) for field in table.schema}
        texts, sizes = (dict.fromkeys(names.split(), kind) for names, kind in (
            ('file_name category segmentation', 'string'), ('width height', 'int64')
        ))  # fmt: skip
        assert types == texts | sizes | dict.fromkeys(['score', 'x', 'y', 'w', 'h', 'area'], 'double')


def test_pyarrow_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / 'a.parquet').touch()
    monkeypatch.setattr(parquet, 'find_spec', lambda _: None)
    message = f'Parquet files are read and written by pyarrow, which is not installed: {install_hint("ray")}'
    for refused in (require_parquet, lambda: read_paths(tmp_path / 'a.parquet')):
        with pytest.raises(ImportError, match=re.escape(message)):
            refused()
