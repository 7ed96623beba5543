"""A folder searched by one that knows the answers: every episode is asked as a user would, and judged."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mmosis.apis import measure_search
from mmosis.apis.search_measure import data_paths
from mmosis.evaluation import Dump, silent_share
from mmosis.structures import FoundObjects, RLEMasks
from mmosis.utils.coco_file import load_coco
from mmosis.utils.image import read_image

ELSEWHERE = (0, 0, 3, 3)


class Knowing:
    """An inferencer that finds all objects of the category that the box shows, and in vain something else."""

    show_progress = False
    calibration = None

    def __init__(self, folder: Path, references: Path | None = None, vain_score: float = 0.4) -> None:
        self.searched, self.giving = _Pictures(folder), _Pictures(references or folder)
        self.vain_score = vain_score
        self.asked: list[tuple[int, list[tuple[int, str]]]] = []

    def encode(self, references: list[dict]) -> SimpleNamespace:
        shown = [self.giving.show(reference['img'], reference['bbox']) for reference in references]
        return SimpleNamespace(shown=shown, names=[reference['name'] for reference in references])

    def search(self, image: np.ndarray, bank: SimpleNamespace, keep_all: bool) -> FoundObjects:
        assert keep_all
        assert len(set(bank.names)) == len(bank.names)
        img_id = self.searched.find(image)
        self.asked.append((img_id, bank.shown))
        rows = []
        for label, (_, category) in enumerate(bank.shown):
            objects = self.searched.objects(img_id, category)
            rows += [(box, 0.9, label) for box in objects] or [(ELSEWHERE, self.vain_score, label)]
        masks = np.zeros((len(rows), *image.shape[:2]), bool)
        for mask, ((x1, y1, x2, y2), _, _) in zip(masks, rows, strict=True):
            mask[round(y1) : round(y2), round(x1) : round(x2)] = True
        boxes, scores, labels = (list(column) for column in zip(*rows, strict=True))
        return FoundObjects(
            bboxes=np.array(boxes, np.float32),
            scores=np.array(scores, np.float32),
            labels=np.array(labels),
            masks=RLEMasks.encode(masks),
        )


class _Pictures:
    """What the images of a folder show."""

    def __init__(self, folder: Path) -> None:
        self.coco = load_coco(str(folder / 'annotations.json'))
        self.images = {i: read_image(str(folder / 'images' / info['file_name'])) for i, info in self.coco.imgs.items()}

    def find(self, image: np.ndarray) -> int:
        return next(img_id for img_id, other in self.images.items() if np.array_equal(image, other))

    def objects(self, img_id: int, category: str) -> list[tuple]:
        found = [a for a in self.coco.imgToAnns[img_id] if not a['iscrowd']]
        boxes = [a['bbox'] for a in found if self.coco.cats[a['category_id']]['name'] == category]
        return [(x, y, x + width, y + height) for x, y, width, height in boxes]

    def show(self, image: np.ndarray, bbox: tuple) -> tuple[int, str]:
        img_id = self.find(image)
        names = [category['name'] for category in self.coco.cats.values()]
        return img_id, next(name for name in names if tuple(bbox) in self.objects(img_id, name))


def test_right_answers_are_right_by_references_of_other_images(tiny_coco: Callable) -> None:
    folder = tiny_coco()
    inferencer = Knowing(folder)
    measure = measure_search(inferencer, str(folder), seeds=(0, 5))
    assert all(img_id != reference for img_id, shown in inferencer.asked for reference, _ in shown)
    assert all(inferencer.searched.objects(img_id, name) for img_id, shown in inferencer.asked for _, name in shown)
    asked = sorted(img_id for img_id, _ in inferencer.asked)
    assert asked == sorted(2 * [3, 5, 7, 9, 12, 20, 31])  # an image once a draw
    metrics = measure.dump.evaluate(load_coco(str(folder / 'annotations.json')))
    for kind in ('bbox', 'segm'):
        assert len(metrics[kind]['runs']) == 2
        assert metrics[kind]['per_category']['person']['mAP_50'] == pytest.approx(1)
    assert set(metrics['bbox']['per_category']) == {'person', 'bicycle', 'car', 'motorcycle', 'airplane', 'truck'}
    assert len(measure.seconds) == len(measure.num_categories) == 14
    assert measure.num_categories == [len(shown) for _, shown in inferencer.asked]


def test_draws_are_functions_of_the_seed(tiny_coco: Callable) -> None:
    folder = tiny_coco()
    dumps = [measure_search(Knowing(folder), str(folder), seeds=seeds).dump for seeds in ((3, 4), (3,), (4,))]
    both, three, four = ([e.reference_ids for e in dump.episodes] for dump in dumps)
    assert three != four
    assert sorted(both) == sorted(three + four)


def test_one_shot_categories_alone(tiny_coco: Callable) -> None:
    folder = tiny_coco()
    inferencer = Knowing(folder)
    measure_search(inferencer, str(folder), phase='one-shot', split=1)
    assert {name for _, shown in inferencer.asked for _, name in shown} == {'person', 'airplane'}


@pytest.mark.parametrize(('vain_score', 'silent'), [(0.4, 1), (0.6, 0)])
def test_searches_for_what_is_not_there(tiny_coco: Callable, vain_score: float, silent: float) -> None:
    folder = tiny_coco()
    dump = measure_search(Knowing(folder, vain_score=vain_score), str(folder), (0, 1), num_absent=9).dump
    assert sum(episode.absent for episode in dump.episodes) == 9
    assert silent_share(dump.episodes, dump.runs, 0.5) == silent


def test_references_of_another_folder(tiny_coco: Callable) -> None:
    """It has the categories under other ids, and lacks one."""
    folder = tiny_coco(annotations=lambda rows: [row for row in rows if row['image_id'] != 9])
    other = tiny_coco(
        categories=lambda rows: [dict(row, id=100 - row['id']) for row in rows[::-1]],
        annotations=lambda rows: [
            dict(row, category_id=100 - row['category_id']) for row in rows if row['category_id'] != 10
        ],
    )
    inferencer = Knowing(folder, other)
    measure_search(inferencer, str(folder), references=str(other))
    shown = {name for _, shown in inferencer.asked for _, name in shown}
    assert shown == {'bicycle', 'car', 'motorcycle', 'airplane', 'truck'}
    assert all(inferencer.searched.objects(img_id, name) for img_id, shown in inferencer.asked for _, name in shown)


def test_a_folder_without_these_categories_is_refused(tiny_coco: Callable) -> None:
    other = tiny_coco(categories=lambda rows: [dict(row, name=f'other {row["name"]}') for row in rows])
    folder = tiny_coco()
    with pytest.raises(ValueError, match='has no reference of any category that is searched for; names must agree'):
        measure_search(Knowing(folder), str(folder), references=str(other))


def test_the_dump_is_read_again(tiny_coco: Callable, tmp_path: Path) -> None:
    folder = tiny_coco()
    dump = measure_search(Knowing(folder), str(folder), num_absent=2).dump
    coco = load_coco(str(folder / 'annotations.json'))
    dump.save(tmp_path / 'dump', dump.evaluate(coco))
    loaded = Dump.load(tmp_path / 'dump')
    assert loaded.episodes == dump.episodes
    assert json.loads((tmp_path / 'dump' / 'metrics.json').read_text())['info']['seed'] == [0]
    paths = data_paths(str(folder))
    assert Path(paths.ann_file).is_file()
    assert Path(paths.img_dir).is_dir()
    assert data_paths(str(folder), references='other').img_dir is None


def test_boxes_that_a_search_does_not_take_give_no_references(tiny_coco: Callable) -> None:
    """A thin one, and one of which two columns are in the image; each is large by itself."""

    def change(entries: list[dict]) -> list[dict]:
        changes = {100: dict(bbox=[97.5, 5, 30, 20]), 101: dict(bbox=[2, 2, 1.5, 70])}
        return [dict(entry, **changes.get(entry['id'], {})) for entry in entries]

    folder = tiny_coco(annotations=change)
    measure = measure_search(Knowing(folder), str(folder))
    drawn = {ann_id for episode in measure.dump.episodes for ann_id in episode.reference_ids}
    assert drawn
    assert not drawn & {100, 101}


def test_a_folder_without_any_reference_is_refused(tiny_coco: Callable) -> None:
    folder = tiny_coco(annotations=lambda entries: [dict(entry, bbox=[2, 2, 60, 3]) for entry in entries])
    with pytest.raises(
        ValueError, match=r'no image shows one of the all categories; check .* reference_sampler leaves them'
    ):
        measure_search(Knowing(folder), str(folder))
