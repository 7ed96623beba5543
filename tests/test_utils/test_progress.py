"""Progress: a bar in a terminal, and in a log ten lines however long the work is."""

import pytest
from rich.console import Console

from mmosis.utils import progress
from mmosis.utils.progress import Progress, report_part, track


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in s; it stands still unless the list gets another last entry."""
    now = [0.0]
    monkeypatch.setattr(progress.time, 'monotonic', lambda: now[-1])
    return now


@pytest.mark.usefixtures('clock')
class TestInALog:
    def test_a_line_for_each_tenth(self, capsys: pytest.CaptureFixture) -> None:
        assert list(track(range(1000), 'Search')) == list(range(1000))
        printed = capsys.readouterr().out
        assert printed.splitlines() == [f'Search: {i}/1000, 0 s' for i in range(100, 1001, 100)]
        assert '\r' not in printed

    def test_little_work(self, capsys: pytest.CaptureFixture) -> None:
        assert list(track(iter('ab'), 'Draw', 2)) == ['a', 'b']
        assert list(track([], 'Draw')) == []
        assert capsys.readouterr().out == 'Draw: 1/2, 0 s\nDraw: 2/2, 0 s\n'

    def test_a_line_after_five_minutes_without(self, clock: list[float], capsys: pytest.CaptureFixture) -> None:
        progress = Progress('train', 10000)
        for second in (100.0, 299.0, 301.0, 400.0, 602.0):
            clock.append(second)
            progress.advance(f'train, loss {second}')
        assert capsys.readouterr().out.splitlines() == [
            'train, loss 301.0: 3/10000, 301 s',
            'train, loss 602.0: 5/10000, 602 s',
        ]

    def test_nobody_knows_how_many(self, clock: list[float], capsys: pytest.CaptureFixture) -> None:
        with Progress('Search', 0) as progress:
            for seconds in (1.0, 301.0):
                clock[0] = seconds
                progress.advance()
        assert capsys.readouterr().out == 'Search: 2/?, 301 s\n'

    def test_what_was_done_before_counts(self, capsys: pytest.CaptureFixture) -> None:
        with Progress('train', 20, completed=18) as progress:
            progress.advance()
            progress.advance()
        assert capsys.readouterr().out == 'train: 20/20, 0 s\n'

    def test_parts_of_a_long_step(self, clock: list[float], capsys: pytest.CaptureFixture) -> None:
        report_part('view', 1, 9)  # nothing runs
        for _ in track('ab', 'Search'):
            for done in range(1, 5):
                clock.append(clock[-1] + 100)
                report_part('view', done, 9)
        report_part('view', 2, 9)
        assert capsys.readouterr().out.splitlines() == [
            'Search: 0/2, view 3/9, 300 s',
            'Search: 1/2, 400 s',
            'Search: 1/2, view 3/9, 700 s',
            'Search: 2/2, 800 s',
        ]

    def test_a_loop_in_a_loop_gives_the_outer_one_back(self, clock: list[float], capsys: pytest.CaptureFixture) -> None:
        for _ in track('a', 'Outer'):
            list(track([], 'Inner'))
            clock.append(400)
            report_part('view', 1, 2)
        assert capsys.readouterr().out.splitlines() == ['Outer: 0/1, view 1/2, 400 s', 'Outer: 1/1, 400 s']

    def test_disabled(self, capsys: pytest.CaptureFixture) -> None:
        assert list(track(iter('ab'), 'Draw', disable=True)) == ['a', 'b']
        assert capsys.readouterr().out == ''


def test_in_a_terminal_it_is_a_bar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(progress, 'Console', lambda: Console(force_terminal=True, width=100))
    monkeypatch.setenv('TERM', 'xterm')
    for number in track(range(3), 'Search'):
        report_part('view', number, 7)
    printed = capsys.readouterr().out
    assert 'Search, view 2/7' in printed
    assert '━' in printed
    assert '3/3' in printed
    assert 'Search: ' not in printed
