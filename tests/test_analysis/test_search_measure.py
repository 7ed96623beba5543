"""A folder searched by one that knows the answers: every episode is asked as a user would, and judged."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from analysis.search_counts import SearchCounts, count_found, silent_fraction
from analysis.search_measure import measure_search
from analysis.search_plan import SearchPlan
from mmosis.evaluation import Dump
from mmosis.structures import FoundObjects, RLEMasks
from mmosis.utils.coco_file import load_coco
from mmosis.utils.image import read_image

ELSEWHERE = (0, 0, 3, 3)


class Knowing:
    """An inferencer that finds all objects of the category that the box shows, and in vain something else."""

    show_progress = False
    calibration = None

    def __init__(self, folder: Path, references: Path | None = None, vain_score: float = 0.4) -> None:
        self.searched, self.giving = _Images(folder), _Images(references or folder)
        self.vain_score = vain_score
        self.asked: list[tuple[int, list[tuple[int, str]]]] = []
        self.on_searched: list[list[bool]] = []

    def encode(self, references: list[dict], searched: list[np.ndarray]) -> SimpleNamespace:
        (image,) = searched
        self.on_searched.append(['img' not in reference for reference in references])
        shown = [self.giving.show(reference.get('img', image), reference['bbox']) for reference in references]
        return SimpleNamespace(shown=shown, names=[reference['name'] for reference in references])

    def search_image(
        self, image: np.ndarray, bank: SimpleNamespace, keep_all: bool, add_boxed: bool
    ) -> SimpleNamespace:
        assert keep_all
        assert not add_boxed
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
        found = FoundObjects(
            bboxes=np.array(boxes, np.float32),
            scores=np.array(scores, np.float32),
            labels=np.array(labels),
            masks=RLEMasks.encode(masks),
        )
        return SimpleNamespace(found=found)


class _Images:
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
    measure = measure_search(inferencer, SearchPlan(str(folder), seeds=(0, 5)))
    assert all(img_id != reference for img_id, shown in inferencer.asked for reference, _ in shown)
    assert all(inferencer.searched.objects(img_id, name) for img_id, shown in inferencer.asked for _, name in shown)
    asked = sorted(img_id for img_id, _ in inferencer.asked)
    assert asked == sorted(2 * [3, 5, 7, 9, 12, 20, 31])  # an image once a seed
    metrics = measure.dump.evaluate(load_coco(str(folder / 'annotations.json')))
    for iou_type in ('bbox', 'segm'):
        assert len(metrics[iou_type]['runs']) == 2
        assert metrics[iou_type]['per_category']['person']['mAP_50'] == pytest.approx(1)
    assert set(metrics['bbox']['per_category']) == {'person', 'bicycle', 'car', 'motorcycle', 'airplane', 'truck'}
    assert len(measure.times) == len(measure.num_categories) == 14
    assert measure.num_categories == [len(shown) for _, shown in inferencer.asked]


def test_references_are_functions_of_the_seed(tiny_coco: Callable) -> None:
    folder = tiny_coco()
    dumps = [
        measure_search(Knowing(folder), SearchPlan(str(folder), seeds=seeds)).dump for seeds in ((3, 4), (3,), (4,))
    ]
    both, three, four = ([e.reference_ids for e in dump.episodes] for dump in dumps)
    assert three != four
    assert sorted(both) == sorted(three + four)


def test_one_shot_categories_alone(tiny_coco: Callable) -> None:
    folder = tiny_coco()
    inferencer = Knowing(folder)
    measure_search(inferencer, SearchPlan(str(folder), phase='one-shot', split=1))
    assert {name for _, shown in inferencer.asked for _, name in shown} == {'person', 'airplane'}


@pytest.mark.parametrize(('vain_score', 'silent'), [(0.4, 1), (0.6, 0)])
def test_searches_for_what_is_not_there(tiny_coco: Callable, vain_score: float, silent: float) -> None:
    folder = tiny_coco()
    dump = measure_search(Knowing(folder, vain_score=vain_score), SearchPlan(str(folder), (0, 1), num_absent=9)).dump
    assert sum(episode.absent for episode in dump.episodes) == 9
    assert silent_fraction(dump, 0.5) == silent


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
    measure_search(inferencer, SearchPlan(str(folder), references=str(other)))
    shown = {name for _, shown in inferencer.asked for _, name in shown}
    assert shown == {'bicycle', 'car', 'motorcycle', 'airplane', 'truck'}
    assert all(inferencer.searched.objects(img_id, name) for img_id, shown in inferencer.asked for _, name in shown)


def test_a_folder_without_these_categories_is_refused(tiny_coco: Callable) -> None:
    other = tiny_coco(categories=lambda rows: [dict(row, name=f'other {row["name"]}') for row in rows])
    folder = tiny_coco()
    with pytest.raises(ValueError, match='has no reference of any category that is searched for; names must agree'):
        measure_search(Knowing(folder), SearchPlan(str(folder), references=str(other)))


def test_the_dump_is_read_again(tiny_coco: Callable, tmp_path: Path) -> None:
    folder = tiny_coco()
    dump = measure_search(Knowing(folder), SearchPlan(str(folder), num_absent=2)).dump
    coco = load_coco(str(folder / 'annotations.json'))
    dump.save(tmp_path / 'dump', dump.evaluate(coco))
    loaded = Dump.load(tmp_path / 'dump')
    assert loaded.episodes == dump.episodes
    assert json.loads((tmp_path / 'dump' / 'metrics.json').read_text())['info']['seed'] == [0]
    paths = SearchPlan(str(folder)).data_paths
    assert Path(paths.ann_file).is_file()
    assert Path(paths.img_dir).is_dir()
    assert SearchPlan(str(folder), references='other').data_paths.img_dir is None


def test_boxes_that_a_search_does_not_take_give_no_references(tiny_coco: Callable) -> None:
    """A thin one, and one of which two columns are in the image; each is large by itself."""

    def change(entries: list[dict]) -> list[dict]:
        changes = {100: dict(bbox=[97.5, 5, 30, 20]), 101: dict(bbox=[2, 2, 1.5, 70])}
        return [dict(entry, **changes.get(entry['id'], {})) for entry in entries]

    folder = tiny_coco(annotations=change)
    measure = measure_search(Knowing(folder), SearchPlan(str(folder)))
    drawn = {ann_id for episode in measure.dump.episodes for ann_id in episode.reference_ids}
    assert drawn
    assert not drawn & {100, 101}


def test_a_folder_without_any_reference_is_refused(tiny_coco: Callable) -> None:
    folder = tiny_coco(annotations=lambda entries: [dict(entry, bbox=[2, 2, 60, 3]) for entry in entries])
    with pytest.raises(
        ValueError, match=r'no image shows one of the all categories; check .* reference_sampler leaves them'
    ):
        measure_search(Knowing(folder), SearchPlan(str(folder)))


def test_boxes_on_the_searched_image_itself(tiny_coco: Callable) -> None:
    """Each category of which an image has two objects is searched for by one of them, alone."""
    folder = tiny_coco()
    inferencer = Knowing(folder)
    measure = measure_search(inferencer, SearchPlan(str(folder), seeds=(0, 5), boxed=True))
    shown = {
        (img_id, name)
        for img_id in inferencer.searched.images
        for name in ('person', 'bicycle', 'car', 'motorcycle', 'airplane', 'truck')
        if len(inferencer.searched.objects(img_id, name)) >= 2
    }
    assert shown
    assert sorted(inferencer.asked) == sorted((img_id, [(img_id, name)]) for img_id, name in 2 * sorted(shown))
    assert all(on_searched == [True] for on_searched in inferencer.on_searched)
    coco = load_coco(str(folder / 'annotations.json'))
    counts = count_found(measure.dump, coco, 0.5)
    others = sum(len(inferencer.searched.objects(*each)) - 1 for each in shown)
    assert counts == SearchCounts(*(2 * n for n in (len(shown), others, others, 0, len(shown), len(shown))))
    assert measure.dump.evaluate(coco)['bbox']['mean']['mAP_50'] == pytest.approx(1)
    assert measure.peak_memory > 2**20


def test_the_boxed_object_is_chosen_by_the_seed(tiny_coco: Callable) -> None:
    folder = tiny_coco()
    drawn = [
        [
            episode.reference_ids
            for episode in measure_search(Knowing(folder), SearchPlan(str(folder), (seed,), boxed=True)).dump.episodes
        ]
        for seed in (0, 0, 1, 2, 3)
    ]
    assert drawn[0] == drawn[1]
    assert len(set(map(tuple, drawn))) > 1


@pytest.mark.parametrize('settings', [dict(num_absent=1), dict(references='other')])
def test_boxed_references_are_of_the_searched_image(settings: dict) -> None:
    with pytest.raises(ValueError, match='references on the searched image are of the same folder'):
        SearchPlan('folder', boxed=True, **settings)


def test_without_two_objects_of_a_category_nothing_is_boxed(tiny_coco: Callable) -> None:
    def one_each(entries: list[dict]) -> list[dict]:
        return list({(entry['image_id'], entry['category_id']): entry for entry in entries}.values())

    folder = tiny_coco(annotations=one_each)
    with pytest.raises(ValueError, match='no image shows 2 objects of a category, of which one can be boxed'):
        measure_search(Knowing(folder), SearchPlan(str(folder), boxed=True))
