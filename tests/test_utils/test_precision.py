"""bfloat16 is used where a device has it, by torch's own answers."""

import os
import subprocess
import sys

import pytest
import torch

from mmosis.utils import precision
from mmosis.utils.precision import has_native_bfloat16, may_use_bfloat16


@pytest.fixture(autouse=True)
def _ask_again() -> None:
    """Forget what was found on the real device, and in the end what was found on an invented one."""
    has_native_bfloat16.cache_clear()
    yield
    has_native_bfloat16.cache_clear()


def answer(monkeypatch: pytest.MonkeyPatch, machine: str, onednn: bool, instructions: bool) -> None:
    """Invent a processor."""
    monkeypatch.setattr('platform.machine', lambda: machine)
    monkeypatch.setattr(torch.ops.mkldnn, '_is_mkldnn_bf16_supported', lambda: onednn, raising=False)
    monkeypatch.setattr(torch.cpu, '_is_avx512_bf16_supported', lambda: instructions, raising=False)


@pytest.mark.parametrize(
    ('machine', 'onednn', 'instructions', 'native'),
    [
        ('x86_64', True, True, True),
        ('x86_64', True, False, False),  # AVX-512 of the first years
        ('AMD64', True, False, False),
        ('x86_64', False, True, False),  # a new processor that is to pass for an old one
        ('x86_64', False, False, False),
        ('aarch64', True, False, True),
        ('aarch64', False, False, False),
    ],
)
def test_both_must_say_yes_on_x86(
    machine: str, onednn: bool, instructions: bool, native: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, machine, onednn, instructions)
    assert has_native_bfloat16('cpu') is native


@pytest.mark.parametrize('faster', [True, False])
def test_where_torch_has_no_answer_it_is_measured(faster: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, 'x86_64', onednn=True, instructions=True)
    monkeypatch.delattr(torch.cpu, '_is_avx512_bf16_supported')
    seconds = {torch.float32: 1.0, torch.bfloat16: 0.5 if faster else 6.0}
    monkeypatch.setattr(precision, '_seconds_of_a_product', seconds.get)
    assert has_native_bfloat16('cpu') is faster


def test_the_measurement_takes_time() -> None:
    assert 0 < precision._seconds_of_a_product(torch.float32) < 10


def test_an_older_processor_is_believed() -> None:
    """oneDNN reads the variable once, so that it takes a process of its own."""
    code = 'import torch; print(torch.ops.mkldnn._is_mkldnn_bf16_supported())'
    env = dict(os.environ, ONEDNN_MAX_CPU_ISA='AVX2')
    done = subprocess.run([sys.executable, '-c', code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout == 'False\n'


def test_a_gpu_is_asked_for_what_it_does_not_emulate(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(torch.cuda, 'is_bf16_supported', lambda **options: asked.append(options) or True)
    assert has_native_bfloat16('cuda:0')
    assert asked == [dict(including_emulation=False)]


def test_of_other_devices_it_is_not_known() -> None:
    assert not has_native_bfloat16('meta')


@pytest.mark.parametrize('native', [True, False])
def test_a_refusal_is_one_line(native: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    said = []
    monkeypatch.setattr(precision, 'has_native_bfloat16', lambda _: native)
    monkeypatch.setattr(precision, 'print_log', lambda *line: said.append(line[0]))
    assert may_use_bfloat16('cpu') is native
    assert said == ([] if native else ['cpu does not compute in bfloat16 by itself: float32 is used'])
