import torch

from analysis.step_timing import Taken
from benchmarks import machine


def test_the_machine_says_what_it_is() -> None:
    described = machine.describe_machine('cpu')
    assert described['device']
    assert described['threads'] == torch.get_num_threads()
    assert described['torch'] == torch.__version__
    assert described['load_average'] >= 0


def test_peaks_are_of_the_precisions_that_are_native() -> None:
    peaks = machine.measure_peak('cpu', repeats=1)
    works = ('convolution', 'matrices')
    assert set(peaks) == {f'{work}, {name}' for name in machine.precisions('cpu') for work in works}
    assert all(0.1 < peak < 1e5 for peak in peaks.values())


def test_only_native_bfloat16_is_measured(monkeypatch) -> None:
    for native, names in ((False, ['fp32']), (True, ['fp32', 'bf16'])):
        monkeypatch.setattr(machine, 'has_native_bfloat16', lambda _, native=native: native)
        assert list(machine.precisions('cpu')) == names


def test_a_cpu_counts_by_its_cores_and_a_gpu_by_the_clock() -> None:
    assert machine.busy_seconds(Taken(1, 2), 'cpu') == 2
    assert machine.busy_seconds(Taken(1, 2), 'cuda') == 1
