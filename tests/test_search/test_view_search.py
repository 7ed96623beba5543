"""The search of a batch of images view by view, by a look that notes what it is asked for."""

from collections.abc import Generator, Sequence

import numpy as np
import pytest

from mmosis.search.options import SearchOptions
from mmosis.search.view_search import Searched, View, finish, found_size, merge_scales, search_views
from mmosis.search.views import ViewSettings
from mmosis.structures import FoundObjects, RLEMasks
from mmosis.utils.progress import track

SETTINGS = ViewSettings(
    sides=(64, 256),
    object_size=32,
    min_object_size=16,
    max_enlargement=4.0,
    unknown_sides=(96, 160),
    credible_score=0.3,
    tile_side=128,
    max_tiles=50,
)
SHAPE = (200, 200)


class Look:
    """Sees squares of a size on the diagonal, 50 pixels apart, which score what the side says."""

    def __init__(self, size: int = 20, scores: dict | None = None) -> None:
        self.size, self.scores, self.batches = size, scores or {}, []

    def __call__(self, views: Sequence[View]) -> list[FoundObjects]:
        self.batches.append(list(views))
        return [self.look_at(view) for view in views]

    def look_at(self, view: View) -> FoundObjects:
        x1, y1, x2, y2 = view.tile
        boxes = np.array([(at, at, at + self.size, at + self.size) for at in range(5, 200, 50)], np.float32)
        seen = boxes[(boxes[:, 0] >= x1) & (boxes[:, 1] >= y1) & (boxes[:, 2] <= x2) & (boxes[:, 3] <= y2)]
        bboxes = np.concatenate([seen - (x1, y1, x1, y1) for _ in view.labels]).astype(np.float32)
        scores = np.full(len(bboxes), self.scores.get(view.side, 0.9), np.float32)
        return FoundObjects(bboxes=bboxes, scores=scores, labels=np.repeat(view.labels, len(seen)))


def run(look: Look, sizes: list, shapes: Sequence = (SHAPE,), **options: object) -> tuple[list, list[Searched]]:
    """What is yielded, and what comes out."""
    steps = search_views(shapes, [sizes] * len(shapes), SETTINGS, look, SearchOptions(0, **options), 0.5)
    yielded = []
    while True:
        try:
            yielded.append(next(steps))
        except StopIteration as end:
            return yielded, end.value


def sides(look: Look) -> list[int]:
    return [view.side for batch in look.batches for view in batch]


def test_a_known_size_takes_one_view() -> None:
    look = Look()
    yielded, (searched,) = run(look, [40])
    assert look.batches == [[View(0, (0, 0, 200, 200), 160, (0,))]]
    assert yielded == [(1, 1)]
    assert searched.found.bboxes[:, 0].tolist() == [5, 55, 105, 155]
    assert [plan.side for plan in searched.plans] == [160]


def test_categories_of_one_scale_share_its_view() -> None:
    look = Look()
    _, (searched,) = run(look, [40, 100, 41])
    assert [(view.side, view.labels) for batch in look.batches for view in batch] == [(160, (0, 2)), (64, (1,))]
    assert sorted(searched.found.labels.tolist()) == [0] * 4 + [1] * 4 + [2] * 4
    assert [plan.side for plan in searched.plans] == [160, 64]


def test_small_things_are_looked_for_in_tiles_and_found_once() -> None:
    """Of 10 pixels they would have 12.8 in the whole image; in tiles of 40 they have 32."""
    look = Look(10)
    yielded, (searched,) = run(look, [10])
    assert {view.side for batch in look.batches for view in batch} == {128}
    assert len(look.batches) == len(searched.plans[0].tiles) == 49
    assert yielded[0] == (1, 49)
    assert yielded[-1] == (49, 49)
    assert sorted(searched.found.bboxes[:, 0].tolist()) == [5, 55, 105, 155]


def test_what_is_found_settles_an_unknown_size() -> None:
    look = Look(20)
    yielded, (searched,) = run(look, [None])
    assert sides(look) == [96, 160, 256]
    assert yielded == [(1, 2), (2, 2), (3, 3)]
    assert [plan.side for plan in searched.plans] == [256]
    assert len(searched.found) == 4


def test_a_view_that_was_looked_at_serves_again() -> None:
    look = Look(40)
    _, (searched,) = run(look, [None, 40])
    assert sides(look) == [96, 160]
    assert [view.labels for batch in look.batches for view in batch] == [(0,), (0, 1)]
    assert [plan.side for plan in searched.plans] == [160]


def test_nothing_credible_keeps_the_best_of_what_there_is() -> None:
    look = Look(20, {96: 0.1, 160: 0.2})
    _, (searched,) = run(look, [None])
    assert sides(look) == [96, 160]
    assert searched.found.scores.tolist() == pytest.approx([0.2] * 4)
    assert [plan.side for plan in searched.plans] == [96, 160]


def test_views_of_one_side_go_together_whatever_image_they_are_of() -> None:
    look = Look()
    yielded, results = run(look, [40, 100], [SHAPE] * 3, batch_size=2)
    assert [[(view.image, view.side) for view in batch] for batch in look.batches] == [
        [(0, 160), (1, 160)],
        [(2, 160)],
        [(0, 64), (1, 64)],
        [(2, 64)],
    ]
    assert yielded == [(2, 6), (3, 6), (5, 6), (6, 6)]
    assert [len(searched.found) for searched in results] == [8, 8, 8]


def test_a_search_can_be_stopped_between_views() -> None:
    look = Look(10)
    steps = search_views([SHAPE], [[10]], SETTINGS, look, SearchOptions(0), 0.5)
    next(steps)
    steps.close()
    assert len(look.batches) == 1


def test_to_the_end_with_progress(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr('mmosis.utils.progress.PATIENCE', 0)

    def steps(total: int) -> Generator[tuple[int, int], None, list]:
        yield 1, total
        return ['searched']

    for _ in track('a', 'Search'):
        assert finish(steps(3)) == ['searched']
        assert finish(steps(1)) == ['searched']
    assert capsys.readouterr().out == 'Search: 0/1, view 1/3, 0 s\nSearch: 1/1, 0 s\n'


def found_boxes(*rows: tuple[tuple, float, int]) -> FoundObjects:
    """Detections (box, score, label) with their boxes as masks."""
    masks = np.zeros((len(rows), 60, 60), bool)
    for mask, ((x1, y1, x2, y2), _, _) in zip(masks, rows, strict=True):
        mask[y1:y2, x1:x2] = True
    return FoundObjects(
        bboxes=np.array([box for box, _, _ in rows], np.float32).reshape(-1, 4),
        scores=np.array([score for _, score, _ in rows], np.float32),
        labels=np.array([label for _, _, label in rows], int),
        masks=RLEMasks.encode(masks),
    )


class TestFoundSize:
    def test_the_median_of_what_counts(self) -> None:
        """Of boxes of 10, 20, 40 and 50 pixels a side, the last scores too little beside the best."""
        rows = [((0, 0, side, side), score, 0) for side, score in ((10, 0.9), (20, 0.5), (40, 0.6), (50, 0.4))]
        assert found_size(found_boxes(*rows), 0.3) == pytest.approx(20)
        assert found_size(found_boxes(*rows), 0.8) == pytest.approx(10)
        assert found_size(found_boxes(*rows[3:]), 0.3) == pytest.approx(50)

    def test_nothing_credible(self) -> None:
        assert found_size(found_boxes(((0, 0, 9, 9), 0.2, 0)), 0.3) is None
        assert found_size(found_boxes(((0, 0, 0, 9), 0.9, 0)), 0.3) is None
        assert found_size(found_boxes(), 0.3) is None


class TestMerge:
    A, NEAR_A, B = (0, 0, 20, 20), (1, 0, 20, 20), (30, 30, 50, 50)

    def test_what_several_scales_find_stays_once(self) -> None:
        found = merge_scales([found_boxes((self.A, 0.6, 0)), found_boxes((self.NEAR_A, 0.9, 0), (self.B, 0.3, 0))], 0.5)
        assert found.bboxes.tolist() == [list(self.NEAR_A), list(self.B)]
        assert found.scores.tolist() == pytest.approx([0.9, 0.3])
        assert [int(mask.sum()) for mask in found.masks.numpy()] == [19 * 20, 20 * 20]
        assert set(found) == {'bboxes', 'scores', 'labels', 'masks'}

    def test_other_labels_and_what_one_scale_keeps_apart_stay(self) -> None:
        one = found_boxes((self.A, 0.6, 0), (self.NEAR_A, 0.5, 0))
        other = found_boxes((self.A, 0.9, 1))
        assert len(merge_scales([one, other], 0.5)) == 3

    def test_one_scale_is_left_as_it_is(self) -> None:
        result = found_boxes((self.A, 0.5, 0), (self.B, 0.6, 0))
        assert merge_scales([result], 0.5) is result

    def test_nothing_at_a_scale(self) -> None:
        assert len(merge_scales([found_boxes(), found_boxes((self.A, 0.5, 0))], 0.5)) == 1
        assert len(merge_scales([found_boxes(), found_boxes()], 0.5)) == 0
