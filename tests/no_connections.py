"""Run a program of Python without the system call ``connect``: whatever calls it is killed, C++ and Rust included.

As a program: ``python no_connections.py -c CODE`` or ``python no_connections.py -m MODULE ARGS``.
"""

import ctypes
import os
import platform
import runpy
import signal
import struct
import sys

KILLED = -signal.SIGSYS  # the exit status, as subprocess reports it
CONNECT = dict(x86_64=(0xC000003E, 42), aarch64=(0xC00000B7, 203))  # the kernel's name of the machine, and the call's
NO_NEW_PRIVILEGES, SET_SECCOMP, FILTER = 38, 22, 2  # of prctl
LOAD, EQUAL, RETURN, ALLOW, KILL = 0x20, 0x15, 0x06, 0x7FFF0000, 0x80000000  # of seccomp's filters


def forbid_connections() -> None:
    """Have this process, and all that it starts, killed by SIGSYS when it connects to anything.

    Raises:
        OSError: If the kernel does not let it.
    """
    machine, call = CONNECT[platform.machine()]
    steps = [
        (LOAD, 0, 0, 4),
        (EQUAL, 0, 3, machine),
        (LOAD, 0, 0, 0),
        (EQUAL, 0, 1, call),
        (RETURN, 0, 0, KILL),
        (RETURN, 0, 0, ALLOW),
    ]
    code = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack('HP', len(steps), ctypes.addressof(code)))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) or prctl(SET_SECCOMP, FILTER, ctypes.byref(program), 0, 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


if __name__ == '__main__':
    option, what, *args = sys.argv[1:]
    sys.argv = [what, *args]
    forbid_connections()
    if option == '-c':
        exec(what)
    else:
        runpy.run_module(what, run_name='__main__', alter_sys=True)
