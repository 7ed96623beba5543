"""SearchService: threads share a model in turns."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from fake_inferencer import FakeInferencer

from mmosis.search import ReferenceBank, SearchOptions
from mmosis.search.service import Busy, SearchService

IMAGE = np.zeros((80, 90, 3), np.uint8)
OPTIONS = SearchOptions()


@pytest.fixture
def inferencer() -> FakeInferencer:
    inferencer = FakeInferencer()
    inferencer.views = 3
    return inferencer


@pytest.fixture
def bank(inferencer: FakeInferencer) -> ReferenceBank:
    return inferencer.encode([IMAGE])


def test_search_goes_view_by_view_and_returns_what_was_found(inferencer: FakeInferencer, bank: ReferenceBank) -> None:
    steps = SearchService(inferencer).search(IMAGE, bank, OPTIONS)
    assert [next(steps) for _ in range(3)] == [(1, 3), (2, 3), (3, 3)]
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert end.value.value.found.scores.tolist() == pytest.approx([0.9, 0.6, 0.3])
    assert len(SearchService(inferencer).search_now(IMAGE, bank, OPTIONS).found) == 3


def test_references_may_be_on_the_searched_image(inferencer: FakeInferencer) -> None:
    bank = SearchService(inferencer).encode([dict(bbox=(1, 2, 30, 40), name='mug')], searched=[IMAGE])
    assert bank.names == ['mug']


def test_closing_a_search_stops_it_and_frees_its_place(inferencer: FakeInferencer, bank: ReferenceBank) -> None:
    service = SearchService(inferencer, max_waiting=0)
    steps = service.search(IMAGE, bank, OPTIONS)
    next(steps)
    with pytest.raises(Busy, match='1 searches wait already; try again later'):
        service.search_now(IMAGE, bank, OPTIONS)
    steps.close()
    assert inferencer.closed == 1
    assert len(service.search_now(IMAGE, bank, OPTIONS).found) == 3


def test_an_error_frees_place_and_turn(inferencer: FakeInferencer) -> None:
    service = SearchService(inferencer, max_waiting=0)
    for _ in range(2):
        with pytest.raises(ValueError, match='there is no reference'):
            service.encode([])


def test_searches_take_turns(inferencer: FakeInferencer, bank: ReferenceBank) -> None:
    """A search of many views lets a later one of few views through."""
    service = SearchService(inferencer)
    inferencer.views = 500
    long = service.search(IMAGE, bank, OPTIONS)
    next(long)
    inferencer.views = 1
    started, ended = threading.Event(), threading.Event()

    def search() -> None:
        started.set()
        service.search_now(IMAGE, bank, OPTIONS)
        ended.set()

    thread = threading.Thread(target=search)
    thread.start()
    started.wait(10)
    num_views = sum(1 for _ in iter(lambda: next(long, None), None) if not ended.is_set())
    thread.join()
    assert ended.is_set()
    assert num_views < 490


def test_one_thread_at_a_time_is_at_work(inferencer: FakeInferencer, bank: ReferenceBank) -> None:
    service = SearchService(inferencer, max_waiting=100)
    at_work, most = [], []
    search_batch = inferencer.search_batch

    def watched(*args: object):
        steps = search_batch(*args)
        while True:
            at_work.append(1)
            most.append(len(at_work))
            try:
                step = next(steps)
            except StopIteration as end:
                return end.value
            finally:
                at_work.pop()
            yield step

    inferencer.search_batch = watched
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: service.search_now(IMAGE, bank, OPTIONS), range(40)))
    assert all(len(each.found) == 3 for each in found)
    assert max(most) == 1
