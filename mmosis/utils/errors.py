"""Errors of our own, and how errors are put into words."""


class DamagedError(ValueError):
    """What mmosis wrote, an index or an exported model, is damaged, and is to be made anew."""


def describe_error(error: Exception) -> str:
    """Put an error into a sentence, without the number that the operating system gives it."""
    if isinstance(error, OSError) and error.strerror:
        return f'{error.filename}: {error.strerror}' if error.filename is not None else error.strerror
    return str(error)
