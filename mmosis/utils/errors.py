"""Errors of our own."""


class DamagedError(ValueError):
    """What mmosis wrote, an index or an exported model, is damaged, and is to be made anew."""
