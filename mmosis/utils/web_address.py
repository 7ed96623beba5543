"""Addresses on the web that are given as paths: nothing fetches them."""

from pathlib import Path

SCHEMES = ('http://', 'https://', 'ftp://', 'ftps://')


def is_web_address(path: str | Path) -> bool:
    """Whether a path is an address on the web."""
    return str(path).lower().startswith(SCHEMES)


def refuse_web_address(path: str | Path) -> str:
    """Say that an address was given where a file is expected, and what to do."""
    return f'{path} is an address, and nothing is fetched: download it and give the file'
