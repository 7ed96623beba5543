"""A test on disk gives the same figures again."""

import json
from pathlib import Path

import numpy as np
import pytest
from episode_results import JUG, MUG, answer, ask, make_truth
from random_sets import CAT_IDS, random_results, random_truth

from mmosis.evaluation import Detections, Dump
from mmosis.structures import EpisodeRecord

BOX = (10, 10, 40, 40)
INFO = dict(phase='one-shot', split=1, seed=0)


@pytest.fixture
def random_dump(make_coco) -> tuple:
    rng = np.random.default_rng(2)
    truth = random_truth(rng, 1)
    episodes = [
        EpisodeRecord(image['id'], run, cat_id, (1, 2))
        for image in truth['images']
        for cat_id in CAT_IDS
        for run in (0, 1)
    ]
    runs = [Detections.from_results(random_results(rng, truth)) for _ in range(2)]
    return make_coco(truth), Dump(INFO, sorted(episodes), runs)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_dump_evaluates_as_the_test_did(random_dump: tuple, tmp_path: Path) -> None:
    coco, dump = random_dump
    metrics = dump.evaluate(coco)
    dump.save(tmp_path / 'a', metrics)
    again = Dump.load(tmp_path / 'a')
    assert (again.info, again.episodes) == (INFO, dump.episodes)
    again.save(tmp_path / 'b', again.evaluate(coco))
    assert files(tmp_path / 'a') == files(tmp_path / 'b')
    assert set(files(tmp_path / 'a')) == {
        'episodes.json',
        'metrics.json',
        'predictions_run0.json',
        'predictions_run1.json',
    }


def test_the_predictions_are_coco_results(random_dump: tuple, tmp_path: Path, score_by_hand) -> None:
    coco, dump = random_dump
    dump.save(tmp_path, dump.evaluate(coco))
    results = json.loads((tmp_path / 'predictions_run0.json').read_text())
    stated = json.loads((tmp_path / 'metrics.json').read_text())
    for iou_type in ('bbox', 'segm'):
        by_hand = score_by_hand(coco.dataset, results, iou_type, CAT_IDS, list(coco.imgs))
        assert stated[iou_type]['runs'][0]['mAP_50'] == pytest.approx(by_hand['mAP_50'], abs=1e-9)


def test_metrics_are_strict_json(tmp_path: Path) -> None:
    """There is no large object, so its AP is nan, which JSON does not know."""
    coco = make_truth({1: [(MUG, BOX)]})
    dump = Dump(INFO, [ask(1, MUG)], [answer((1, MUG, BOX, 0.9))])
    dump.save(tmp_path, dump.evaluate(coco))
    text = (tmp_path / 'metrics.json').read_text()
    assert 'NaN' not in text
    assert json.loads(text)['bbox']['mean']['mAP_l'] is None


def test_what_can_be_judged() -> None:
    assert Dump({}, [ask(1, MUG)], [answer((1, MUG, BOX, 0.9))]).iou_types == ('bbox',)
    assert Dump({}, [ask(1, MUG)], [answer()]).iou_types == ('bbox', 'segm')


def test_an_empty_dump_scores_zero(tmp_path: Path) -> None:
    coco = make_truth({1: [(MUG, BOX)]})
    dump = Dump(INFO, [ask(1, MUG)], [answer()])
    metrics = dump.evaluate(coco)
    assert metrics['segm']['mean']['mAP_50'] == 0
    dump.save(tmp_path, metrics)
    assert len(Dump.load(tmp_path).runs[0]) == 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    coco = make_truth({1: [(MUG, BOX)], 2: [(JUG, BOX)]})
    dump = Dump(INFO, [ask(1, MUG), ask(2, JUG)], [answer((1, MUG, BOX, 0.9))])
    dump.save(tmp_path, dump.evaluate(coco))
    return tmp_path


def test_a_folder_that_is_no_dump_is_refused(folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'there is no file of episodes .*nowhere/episodes.json; tools/test.py'):
        Dump.load(folder / 'nowhere')
    (folder / 'predictions_run0.json').unlink()
    with pytest.raises(FileNotFoundError, match=r'is no dump of tools/test.py: predictions_run0.json is missing'):
        Dump.load(folder)


def test_damaged_predictions_are_refused(folder: Path) -> None:
    (folder / 'predictions_run0.json').write_text('[{"image_id": 1')
    with pytest.raises(ValueError, match=r'predictions_run0.json is not a JSON file'):
        Dump.load(folder)


def test_files_of_different_tests_are_refused(folder: Path) -> None:
    results = list(answer((1, JUG, BOX, 0.9)).results())
    (folder / 'predictions_run0.json').write_text(json.dumps(results))
    with pytest.raises(
        ValueError, match=f'run 0 has detections of category {JUG} in image 1, and episodes.json lists no'
    ):
        Dump.load(folder)


@pytest.mark.parametrize(
    ('images', 'message'),
    [
        ({1: [(MUG, BOX)]}, r'episodes are of images that the annotation file does not have: \[2\]'),
        ({2: [(JUG, BOX)]}, r'detections are of images that the annotation file does not have: \[1\]'),
    ],
)
def test_annotations_that_do_not_fit_are_refused(folder: Path, images: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Dump.load(folder).evaluate(make_truth(images))


def test_masks_are_judged_where_the_annotations_have_them(make_coco) -> None:
    rng = np.random.default_rng(3)
    truth = random_truth(rng, 1)
    dump = Dump({}, [EpisodeRecord(image['id'], 0, CAT_IDS[0], (1,)) for image in truth['images']], [])
    dump.runs.append(Detections.from_results([r for r in random_results(rng, truth) if r['category_id'] == CAT_IDS[0]]))
    assert set(dump.evaluate(make_coco(truth))) == {'bbox', 'segm'}
    for annotation in truth['annotations']:
        del annotation['segmentation']
    assert set(dump.evaluate(make_coco(truth))) == {'bbox'}
    with pytest.raises(ValueError, match=r'but no annotation has a segmentation; judge boxes alone: .* --metric bbox'):
        dump.evaluate(make_coco(truth), ['bbox', 'segm'])
