"""Whether a device computes in bfloat16 by itself; elsewhere bfloat16 is emulated, and slower than float32."""

import logging
import platform
import time
from functools import cache

import torch
from mmengine.logging import print_log

X86 = ('x86_64', 'AMD64')


def may_use_bfloat16(device: str | torch.device) -> bool:
    """Decide whether bfloat16, which was asked for, is used; where it is not, a warning says so.

    Args:
        device: Where it is asked for.
    """
    native = has_native_bfloat16(device)
    if not native:
        print_log(f'{device} does not compute in bfloat16 by itself: float32 is used', 'current', logging.WARNING)
    return native


@cache
def has_native_bfloat16(device: str | torch.device) -> bool:
    """Ask torch whether a device multiplies bfloat16 by itself; of devices other than CPU and GPU it is not known.

    A CPU that is to pass for an older one (``ONEDNN_MAX_CPU_ISA=AVX2``) answers as that one.

    Args:
        device: The device, e.g. 'cpu'.
    """
    device_type = torch.device(device).type
    if device_type == 'cuda':
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device_type == 'cpu' and _cpu_has_native_bfloat16()


def _cpu_has_native_bfloat16() -> bool:
    try:
        onednn_has_it = torch.ops.mkldnn._is_mkldnn_bf16_supported()
        # On x86, oneDNN says yes wherever there is AVX-512; its bfloat16 instructions came later (and before AMX).
        return onednn_has_it and (platform.machine() not in X86 or torch.cpu._is_avx512_bf16_supported())
    except AttributeError:  # torch 2.5 has no question for the instructions; some builds have no oneDNN
        return _seconds_of_a_product(torch.bfloat16) < _seconds_of_a_product(torch.float32)


def _seconds_of_a_product(dtype: torch.dtype) -> float:
    """Time a product of two matrices, the shortest of five runs; native bfloat16 takes half, emulated much more."""
    matrix = torch.ones(256, 256, dtype=dtype)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        matrix @ matrix
        seconds.append(time.perf_counter() - start)
    return min(seconds)
