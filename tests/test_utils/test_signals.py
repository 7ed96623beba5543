"""Signals that end a command: the first raises, the next ones do not disturb, all is as before afterwards."""

import signal
import threading
from collections.abc import Iterator

import pytest

from mmosis.utils import signals
from mmosis.utils.signals import SIGNALS, Stopped, raise_on_signals


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    assert {number: signal.getsignal(number) for number in SIGNALS} == before
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize('number', SIGNALS)
def test_the_first_raises_and_tells_its_number(number: int) -> None:
    with pytest.raises(Stopped) as caught, raise_on_signals():
        signal.raise_signal(number)
    assert caught.value.number == number
    assert isinstance(caught.value, KeyboardInterrupt)


def test_the_next_ones_do_not_disturb_what_the_first_began() -> None:
    written = []

    def stop_and_write() -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            for number in SIGNALS:
                signal.raise_signal(number)
            written.append('all')

    with pytest.raises(Stopped), raise_on_signals():
        stop_and_write()
    assert written == ['all']


def test_a_later_one_raises_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first may have met code that swallows it."""
    clock = iter([0, 59, 61])
    monkeypatch.setattr(signals.time, 'monotonic', lambda: next(clock))
    seen = []
    with raise_on_signals():
        for _ in range(3):
            try:
                signal.raise_signal(signal.SIGTERM)
                seen.append('quiet')
            except Stopped:
                seen.append('stopped')
    assert seen == ['stopped', 'quiet', 'stopped']


def test_what_is_ignored_stays_so() -> None:
    """As nohup has it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with raise_on_signals():
            signal.raise_signal(signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_in_another_thread_nothing_changes() -> None:
    seen = []

    def work() -> None:
        with raise_on_signals():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGTERM)]
