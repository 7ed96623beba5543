import time

import pytest

from benchmarks import timing


def test_the_first_call_does_not_count_and_the_median_does(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, calls = iter([0, 100, 200, 201, 300, 307, 400, 403]), []
    monkeypatch.setattr(time, 'perf_counter', lambda: next(clock))
    assert timing.median_seconds(lambda: calls.append(1), repeats=3) == 3
    assert len(calls) == 4


def test_steps_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    calls, clock, processor = [], iter(range(100)), iter(range(0, 1000, 10))
    monkeypatch.setattr(time, 'perf_counter', lambda: next(clock))
    monkeypatch.setattr(time, 'process_time', lambda: next(processor))
    taken = timing.time_in_turns(dict(a=lambda: calls.append('a'), b=lambda: calls.append('b')), repeats=2)
    assert calls == ['a', 'b'] * 3
    assert taken == dict(a=(1, 10), b=(1, 10))


def test_the_first_round_may_be_looked_on() -> None:
    calls = []
    timing.time_in_turns(dict(a=lambda: calls.append('a')), 1, first=lambda step: calls.append(('first', step())))
    assert calls == ['a', ('first', None), 'a']
