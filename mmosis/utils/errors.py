"""Errors of our own, what errors say in a sentence, and which are of too little memory."""

import re

TOO_LITTLE = 'it takes more memory than there is; make it smaller'
WORDS = re.compile(r'out ?of ?memory|insufficient memory|allocate memory|bad.?alloc', re.IGNORECASE)


class DamagedError(ValueError):
    """What mmosis wrote, an index or an exported model, is damaged, and is to be made anew."""


def describe_error(error: Exception) -> str:
    """Put an error into a sentence, without the number that the operating system gives it."""
    if isinstance(error, OSError) and error.strerror:
        return f'{error.filename}: {error.strerror}' if error.filename is not None else error.strerror
    return str(error)


def is_memory_error(error: BaseException) -> bool:
    """Whether an error, of Python, NumPy, OpenCV, torch or ONNX Runtime, reports too little memory."""
    return isinstance(error, MemoryError) or WORDS.search(str(error)) is not None
