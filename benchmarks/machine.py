"""The machine under a benchmark: what it is, and how fast it multiplies at best."""

import os
import platform
from pathlib import Path

import torch
from torch import nn

from analysis.step_timing import Step, Taken
from mmosis.utils.precision import has_native_bfloat16

from .timing import time_in_turns

CPU_INFO = Path('/proc/cpuinfo')
CHANNELS, MAP = 256, 64
# Side of the matrices and maps of the convolution: enough work to fill the device, and for a core no more than that.
WORK = dict(cpu=(1024, 1), cuda=(8192, 64))


def default_device() -> str:
    """A GPU if there is one."""
    return 'cuda' if torch.cuda.is_available() else 'cpu'


def describe_machine(device: str) -> dict[str, str | int | float]:
    """Tell what computes, and how much else runs beside it."""
    return dict(
        device=torch.cuda.get_device_name() if device == 'cuda' else _processor(),
        threads=torch.get_num_threads(),
        load_average=round(os.getloadavg()[0], 1),
        torch=torch.__version__,
    )


def _processor() -> str:
    """Name of the processor; on Linux Python knows its family alone."""
    lines = CPU_INFO.read_text().splitlines() if CPU_INFO.is_file() else []
    names = [line.partition(':')[2].strip() for line in lines if line.startswith('model name')]
    return names[0] if names else platform.processor()


@torch.no_grad()
def measure_peak(device: str, repeats: int = 5) -> dict[str, float]:
    """Measure G multiply-adds a second of a 3x3 convolution and of a product of matrices; bf16 where it is native.

    Args:
        device: 'cpu' or 'cuda'. Of a CPU it is a second of one core.
        repeats: Timings of each, of which the median counts.
    """
    peaks = {}
    for name, dtype in precisions(device).items():
        for work, count, step in (_convolution(device, dtype), _product(device, dtype)):
            taken = time_in_turns({work: step}, repeats)[work]
            peaks[f'{work}, {name}'] = count / busy_seconds(taken, device) / 1e9
    return peaks


def busy_seconds(taken: Taken, device: str) -> float:
    """How long a device was kept busy: a CPU's cores together, which other work does not disturb, or a GPU."""
    return taken.processor_seconds if device == 'cpu' else taken.seconds


def _convolution(device: str, dtype: torch.dtype) -> tuple[str, int, Step]:
    """Name, multiply-adds and run of a 3x3 convolution."""
    conv = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, bias=False)
    conv = conv.to(device, dtype, memory_format=torch.channels_last)
    maps = WORK[device][1]
    pixels = torch.randn(maps, CHANNELS, MAP, MAP, device=device).to(dtype, memory_format=torch.channels_last)
    return 'convolution', maps * 9 * CHANNELS**2 * MAP**2, lambda: conv(pixels)


def _product(device: str, dtype: torch.dtype) -> tuple[str, int, Step]:
    """Name, multiply-adds and run of a product of two matrices."""
    side = WORK[device][0]
    matrix = torch.randn(side, side, device=device).to(dtype)
    return 'matrices', side**3, lambda: matrix @ matrix


def precisions(device: str) -> dict[str, torch.dtype]:
    """Precisions that a device computes in by itself."""
    half = dict(bf16=torch.bfloat16) if has_native_bfloat16(device) else {}
    return dict(fp32=torch.float32, **half)
