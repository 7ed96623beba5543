"""The search of a batch of images view by view, by a look that notes what it is asked for."""

from collections.abc import Generator, Sequence

import numpy as np
import pytest

from mmosis.search.options import SearchOptions
from mmosis.search.view_search import Searched, View, finish, search_views
from mmosis.search.views import ViewSettings
from mmosis.structures import FoundObjects
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
    """Of 10 pixels they would have 12.8 in the whole picture; in tiles of 40 they have 32."""
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
