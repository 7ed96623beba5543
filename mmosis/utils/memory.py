"""Memory: the peak of this process, and whether an error tells that there is too little of it."""

import re
import sys

TOO_LITTLE = 'it takes more memory than there is; make it smaller'
WORDS = re.compile(r'out ?of ?memory|insufficient memory|allocate memory|bad.?alloc', re.IGNORECASE)


def is_memory_error(error: BaseException) -> bool:
    """Whether an error, of Python, NumPy, OpenCV, torch or ONNX Runtime, tells of too little memory."""
    return isinstance(error, MemoryError) or WORDS.search(str(error)) is not None


def peak_memory() -> int:
    """Most memory that this process has held, in bytes; on Linux also what its parent held when it was started."""
    import resource  # Windows has none

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == 'darwin' else 1024)
