import pytest

from mmosis.utils import timing


def test_the_first_call_does_not_count_and_the_median_does(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, calls = iter([0, 100, 200, 201, 300, 307, 400, 403]), []
    monkeypatch.setattr(timing.time, 'perf_counter', lambda: next(clock))
    assert timing.median_seconds(lambda: calls.append(1), repeats=3) == 3
    assert len(calls) == 4
