"""Whether an error tells that there is not enough memory: each library has a type and words of its own."""

import re

TOO_LITTLE = 'it takes more memory than there is; make it smaller'
WORDS = re.compile(r'out ?of ?memory|insufficient memory|allocate memory|bad.?alloc', re.IGNORECASE)


def is_memory_error(error: BaseException) -> bool:
    """Whether an error, of Python, NumPy, OpenCV, torch or ONNX Runtime, tells of too little memory."""
    return isinstance(error, MemoryError) or WORDS.search(str(error)) is not None
