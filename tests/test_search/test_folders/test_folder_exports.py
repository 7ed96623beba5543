"""Searches of many images that write crops, and folders in other formats, also after a stop."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmosis.search import OneShotInferencer, ReferenceBank, SearchOptions, search_images
from mmosis.search.folders import export_folder, folder_search
from mmosis.search.folders.export_folder import check_unchanged, replace_folder
from mmosis.search.folders.folder_search import SearchReport

QUICK = SearchOptions(score_thr=0.4, overlays=False)
CHANGED = 'is not as a search wrote it, and would be replaced; rename it or remove it'


@pytest.fixture(scope='module')
def bank(inferencer: OneShotInferencer, scene: object) -> ReferenceBank:
    return inferencer.encode(dict(img=scene.image, mask=scene.instances[0].mask, name='mug/cup'))


@pytest.fixture
def run(inferencer: OneShotInferencer, bank: ReferenceBank, scene: object, tmp_path: Path) -> Callable:
    """Search photos of which two have one name, and write to ``out``."""
    for i, name in enumerate(('a.jpg', 'deep/a.jpg', 'deep/a.png')):
        (tmp_path / 'photos' / name).parent.mkdir(parents=True, exist_ok=True)
        part = scene.image[10 * i : 10 * i + 90, 8 * i : 8 * i + 120]
        cv2.imwrite(str(tmp_path / 'photos' / name), np.ascontiguousarray(part))

    def run(
        inputs: str = 'photos', options: SearchOptions = QUICK, resume: bool = False, format: str | None = None
    ) -> SearchReport:
        out = tmp_path / 'out'
        return search_images(inferencer, tmp_path / inputs, bank, out, options, resume, format=format)

    return run


def names_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob('*') if not path.is_dir())


class TestFormat:
    @pytest.mark.parametrize(
        ('format', 'files'),
        [
            ('coco', ['annotations/instances_default.json', 'images/default/deep/a.jpg']),
            ('yolo', ['data.yaml', 'images/deep/a.jpg', 'labels/a.txt', 'labels/deep/a.txt']),
            ('labelme', ['a.json', 'deep/a.json', 'deep/a.jpg']),
            ('voc', ['Annotations/deep/a.xml', 'JPEGImages/deep/a.jpg', 'ImageSets/Main/default.txt']),
            ('csv', ['counts.csv', 'objects.csv']),
        ],
    )
    def test_folders(self, format: str, files: list[str], run: Callable, tmp_path: Path) -> None:
        report = run(format=format)
        assert report.export == tmp_path / 'out' / format
        assert set(files) <= set(names_in(report.export))
        assert json.loads(report.annotations.read_text())['annotations']

    def test_without_one_there_is_the_coco_file_alone(self, run: Callable, tmp_path: Path) -> None:
        assert run().export is None
        assert names_in(tmp_path / 'out') == ['annotations.json', 'journal.jsonl']

    def test_the_number_of_objects(self, run: Callable) -> None:
        report = run(format='yolo')
        lines = [line for file in (report.export / 'labels').rglob('*.txt') for line in file.read_text().splitlines()]
        assert len(lines) == report.num_found > 0

    def test_a_search_that_is_done_is_exported_without_another_search(
        self, run: Callable, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        expected = run().annotations.read_bytes()
        monkeypatch.setattr(folder_search, 'search_file', None)
        for format in ('yolo', 'coco', 'yolo'):
            report = run(resume=True, format=format)
            assert report.export.is_dir()
            assert report.annotations.read_bytes() == expected

    def test_a_stop_leaves_none(self, run: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(folder_search, 'describe_image', raise_stop)
            with pytest.raises(KeyboardInterrupt):
                run(format='yolo')
        assert not (tmp_path / 'out/yolo').exists()
        assert run(resume=True, format='yolo').export.is_dir()

    def test_other_images_join(self, run: Callable) -> None:
        assert names_in(run('photos/deep', format='yolo').export / 'labels')[0] == 'a.txt'
        report = run(resume=True, format='yolo')
        assert [name[:7] for name in names_in(report.export / 'labels')] == ['a.txt', 'deep/a.', 'deep/a~']

    def test_what_was_corrected_is_kept(self, run: Callable, tmp_path: Path) -> None:
        run('photos/a.jpg', format='labelme')
        (tmp_path / 'out/labelme/a.json').write_text('corrected')
        with pytest.raises(ValueError, match=CHANGED):
            run(resume=True, format='labelme')
        assert (tmp_path / 'out/labelme/a.json').read_text() == 'corrected'
        (tmp_path / 'out/labelme').rename(tmp_path / 'out/mine')
        assert run(resume=True, format='labelme').export.is_dir()

    def test_images_in_its_place(self, run: Callable, tmp_path: Path) -> None:
        (tmp_path / 'out').mkdir()
        (tmp_path / 'photos').rename(tmp_path / 'out/yolo')
        with pytest.raises(ValueError, match=r'yolo would overwrite images in .*/out/yolo; write to another folder'):
            run('out/yolo', format='yolo')

    def test_an_unknown_one(self, run: Callable, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match=r"must be one of .*, got 'yolov8'; did you mean yolo\?"):
            run(format='yolov8')
        assert not (tmp_path / 'out').exists()

    def test_the_disk_is_full(self, run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        before = names_in(run('photos/a.jpg', format='yolo').export)

        def write_half(*args: object) -> None:
            (args[2]).mkdir()
            raise OSError('no space')

        monkeypatch.setattr(export_folder, 'write_records', write_half)
        with pytest.raises(OSError, match='no space'):
            run(resume=True, format='yolo')
        assert names_in(tmp_path / 'out/yolo') == before
        assert sorted(path.name for path in (tmp_path / 'out').iterdir() if path.is_dir()) == ['yolo']


def raise_stop(*_: object) -> None:
    raise KeyboardInterrupt


class TestCrops:
    CROPS = replace(QUICK, crops=True)

    def test_one_for_each_object(self, run: Callable, tmp_path: Path) -> None:
        report = run(options=self.CROPS)
        crops = names_in(tmp_path / 'out/crops')
        found = json.loads(report.annotations.read_text())['annotations']
        assert len(crops) == len([each for each in found if each['area']]) > 0
        assert {name.rpartition('-')[0] for name in crops} == {
            'mug%2Fcup/a.jpg',
            'mug%2Fcup/deep/a.jpg',
            'mug%2Fcup/deep/a.png',
        }

    def test_they_move_to_a_wider_folder(self, run: Callable, tmp_path: Path) -> None:
        run('photos/deep', options=self.CROPS)
        first = names_in(tmp_path / 'out/crops')
        run(options=self.CROPS, resume=True)
        crops = names_in(tmp_path / 'out/crops')
        assert {name.replace('mug%2Fcup/', 'mug%2Fcup/deep/') for name in first} < set(crops)
        assert any(name.startswith('mug%2Fcup/a.jpg-') for name in crops)

    def test_a_search_without_them_is_another(self, run: Callable) -> None:
        run('photos/a.jpg')
        with pytest.raises(ValueError, match='is of a search that differs in crops; resume with the same'):
            run(options=self.CROPS, resume=True)


class TestPolygons:
    def test_another_tolerance_is_another_search(self, run: Callable) -> None:
        run('photos/a.jpg', options=replace(QUICK, polygons=1.5))
        with pytest.raises(ValueError, match='is of a search that differs in tolerance; resume with the same'):
            run(options=replace(QUICK, polygons=True), resume=True)

    @pytest.mark.parametrize('polygons', [None, True])
    def test_a_journal_of_before(self, polygons: bool | None, run: Callable, tmp_path: Path) -> None:
        run('photos/a.jpg', options=replace(QUICK, polygons=polygons))
        journal = tmp_path / 'out/journal.jsonl'
        first, *rest = journal.read_text().splitlines()
        header = {key: value for key, value in json.loads(first).items() if key not in ('tolerance', 'crops')}
        assert header['polygons'] is (polygons is True)
        journal.write_text('\n'.join([json.dumps(header), *rest, '']))
        assert run(options=replace(QUICK, polygons=polygons), resume=True).num_images == 3

    def test_fewer_points(self, run: Callable) -> None:
        points = []
        for polygons in (0, 2):
            report = run('photos/a.jpg' if polygons else 'photos/deep/a.jpg', options=replace(QUICK, polygons=polygons))
            points.append(report.annotations.read_text().count(', '))
            report.annotations.with_name('journal.jsonl').unlink()
            report.annotations.unlink()
        assert points[1] < points[0]


def test_a_kill_between_two_steps_loses_nothing(tmp_path: Path) -> None:
    """The new folder is complete before the earlier one moves, and is put there by the next search."""
    folder = tmp_path / 'yolo'
    replace_folder(folder, lambda part: (part.mkdir(), (part / 'a.txt').write_text('1')))
    check_unchanged(folder)
    folder.rename(tmp_path / '.yolo.old')
    check_unchanged(folder)
    replace_folder(folder, lambda part: (part.mkdir(), (part / 'a.txt').write_text('2')))
    check_unchanged(folder)
    assert names_in(tmp_path) == ['.yolo.sha256', 'yolo/a.txt']
