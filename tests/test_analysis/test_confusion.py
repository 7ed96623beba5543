"""The confusion matrix of the paper's Fig. 7."""

from collections.abc import Callable

import numpy as np
import pytest
from episode_results import JUG, MUG, answer, ask, make_truth
from random_sets import CAT_IDS, random_results, random_truth

from analysis.confusion import confusion_matrix, mean_confusion
from mmosis.evaluation import Detections
from mmosis.structures import EpisodeRecord

BOX, OTHER = (10, 10, 40, 40), (100, 100, 40, 40)


def test_what_is_found_for_another_category_is_off_the_diagonal() -> None:
    """The mug's references find the mug of image 1 and the jug of image 2; the jug's find nothing."""
    coco = make_truth({1: [(MUG, BOX)], 2: [(MUG, BOX), (JUG, OTHER)]})
    found = answer((1, MUG, BOX, 0.9), (2, MUG, OTHER, 0.8))
    rows, columns, matrix = confusion_matrix(coco, [ask(1, MUG), ask(2, MUG), ask(2, JUG)], found)
    assert (rows, columns) == ([MUG, JUG], [MUG, JUG])
    # Mug: one of two found at once, 51 of 101 recalls. As jugs: wrong, then right.
    np.testing.assert_allclose(matrix, [[51 / 101, 0.5], [0, 0]])


def test_categories_of_the_image_that_nobody_searched_for_are_columns() -> None:
    coco = make_truth({1: [(MUG, BOX), (JUG, OTHER)]})
    rows, columns, matrix = confusion_matrix(coco, [ask(1, MUG)], answer((1, MUG, OTHER, 0.9)))
    assert (rows, columns) == ([MUG], [MUG, JUG])
    np.testing.assert_allclose(matrix, [[0, 1]])


@pytest.mark.parametrize('iou_type', ['bbox', 'segm'])
def test_equals_pycocotools_on_relabelled_detections(
    make_coco: Callable, score_by_hand: Callable, iou_type: str
) -> None:
    rng = np.random.default_rng(5)
    truth = random_truth(rng, 1)
    while {a['category_id'] for a in truth['annotations']} != set(CAT_IDS):
        truth = random_truth(rng, 1)
    results = random_results(rng, truth)
    img_ids = [image['id'] for image in truth['images']]
    episodes = [EpisodeRecord(img_id, 0, cat_id, (1,)) for img_id in img_ids for cat_id in CAT_IDS]
    rows, columns, matrix = confusion_matrix(make_coco(truth), episodes, Detections.from_results(results), iou_type)
    for i, asked in enumerate(rows):
        for j, judged in enumerate(columns):
            relabelled = [dict(r, category_id=judged) for r in results if r['category_id'] == asked]
            expected = score_by_hand(truth, relabelled, iou_type, [judged], img_ids)['mAP_50']
            np.testing.assert_allclose(matrix[i, j], np.nan_to_num(expected), rtol=0, atol=1e-9)
    assert 0 < matrix.mean() < 1


def test_the_mean_of_runs_that_searched_for_other_categories() -> None:
    one = ([MUG], [MUG, JUG], np.array([[0.5, 0.25]]))
    other = ([MUG, JUG], [MUG], np.array([[1.0], [0.125]]))
    rows, columns, matrix = mean_confusion([one, other])
    assert (rows, columns) == ([MUG, JUG], [MUG, JUG])
    np.testing.assert_allclose(matrix, [[0.75, 0.125], [0.125, 0]])
