from analysis import step_timing


def test_a_step_gives_what_it_gives() -> None:
    out, taken = step_timing.time_step(lambda: 7)
    assert out == 7
    assert taken.seconds >= 0
    assert taken.processor_seconds >= 0
