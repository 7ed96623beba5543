"""The curve of what an index keeps, with a full search and an order that are known."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from tools.analysis_tools import index_recall
from tools.analysis_tools.index_recall import CurvePoint, IndexRecall, measure_index_recall

FILES = [f'{number}.jpg' for number in range(10)]
ORDER = [*FILES[1:], FILES[0]]  # the first is ranked last
BANK = SimpleNamespace(names=['mug', 'cup'])
BOX, ELSEWHERE = [0, 0, 10, 10], [50, 50, 10, 10]


def coco(*rows: tuple[int, str, list]) -> str:
    """COCO format of (image, category, box xywh)."""
    return json.dumps(
        dict(
            images=[dict(id=i, file_name=name, width=99, height=99) for i, name in enumerate(FILES)],
            categories=[dict(id=i, name=name) for i, name in enumerate(BANK.names)],
            annotations=[
                dict(id=i, image_id=image, category_id=BANK.names.index(name), bbox=box)
                for i, (image, name, box) in enumerate(rows, 1)
            ],
        )
    )


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the full search writes: three mugs in image 1, one in 0, a cup in 4."""
    path = tmp_path / 'found.json'
    path.write_text(coco(*[(1, 'mug', BOX)] * 2, (1, 'mug', ELSEWHERE), (0, 'mug', BOX), (4, 'cup', BOX)))
    asked = {}

    def search(_: object, inputs: object, bank: object, out: Path, settings: object, resume: bool) -> SimpleNamespace:
        asked.update(settings=settings, out=out, resume=resume)
        return SimpleNamespace(annotations=path)

    class Index:
        num_bytes = 5000

        def __len__(self) -> int:
            return len(FILES)

        def rank_each(self, inferencer: object, bank: object) -> list[list[str]]:
            return [[f'/photos/{name}' for name in ORDER]] * 2

    monkeypatch.setattr(index_recall, 'search_images', search)
    monkeypatch.setattr(index_recall.PhotoIndex, 'build', lambda *_: (Index(), None))
    return path


def measure(tmp_path: Path, **settings: object) -> IndexRecall:
    return measure_index_recall(None, 'photos', BANK, tmp_path / 'out', fractions=(0.1, 0.4, 1), **settings)


def test_the_curve(found: Path, tmp_path: Path) -> None:
    recall = measure(tmp_path)
    assert (recall.num_pictures, recall.num_categories, recall.num_objects) == (10, 2, 5)
    assert recall.bytes_a_picture == 500
    # Of one image a category: that with three mugs, and none with a cup, which the best order would have.
    assert recall.curve == (CurvePoint(0.1, 1, 3 / 5, 4 / 5), CurvePoint(0.4, 4, 4 / 5, 1), CurvePoint(1, 10, 1, 1))


def test_only_what_is_right_counts(found: Path, tmp_path: Path) -> None:
    (tmp_path / 'true.json').write_text(coco((1, 'mug', BOX), (0, 'cup', BOX), (4, 'cup', ELSEWHERE)))
    recall = measure(tmp_path, ann_file=tmp_path / 'true.json')
    assert recall.num_objects == 2
    assert [point.kept for point in recall.curve] == [1, 1, 1]


def test_table_and_json(found: Path, tmp_path: Path) -> None:
    recall = measure(tmp_path)
    assert '| 10 %     | 1      | 60.0             | 80.0        |' in recall.table()
    recall.save(tmp_path / 'recall.json')
    saved = json.loads((tmp_path / 'recall.json').read_text())
    assert saved['curve'][1] == dict(share=0.4, num_pictures=4, kept=0.8, best=1.0)


def test_nothing_to_keep(found: Path, tmp_path: Path) -> None:
    found.write_text(coco())
    with pytest.raises(ValueError, match='the full search found nothing that counts; give other references'):
        measure(tmp_path)


@pytest.mark.parametrize('fraction', [0, -1, 1.5])
def test_a_fraction_out_of_range(tmp_path: Path, fraction: float) -> None:
    with pytest.raises(ValueError, match=f'fractions must be above 0 and at most 1, got 0.1, {fraction}'):
        measure_index_recall(None, 'photos', BANK, tmp_path, fractions=(0.1, fraction))


def test_a_fraction_is_no_image_more_than_it_says(found: Path, tmp_path: Path) -> None:
    """0.28 of 25 is 7, which floats make a little more."""
    point = index_recall._point(0.28, 25, [[]], [{}], 1)
    assert point.num_pictures == 7


def test_annotations_are_read_before_the_search(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'annotation file .*none\.json does not exist'):
        measure(tmp_path, ann_file=tmp_path / 'none.json')
