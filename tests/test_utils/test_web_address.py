"""Addresses on the web are distinguished from paths."""

from pathlib import Path

import pytest

from mmosis.utils.web_address import is_web_address, refuse_web_address


@pytest.mark.parametrize('address', ['http://a.b/c.jpg', 'HTTPS://a.b', 'ftp://a.b/c', 'ftps://a.b/c'])
def test_addresses(address: str) -> None:
    assert is_web_address(address)
    assert (
        refuse_web_address(address) == f'{address} is an address, and nothing is fetched: download it and give the file'
    )


@pytest.mark.parametrize('path', ['http/a.jpg', 'a/https://b.c', 's3://bucket/a.jpg', Path('/a/b.jpg'), ''])
def test_paths_and_addresses_of_backends(path: str | Path) -> None:
    assert not is_web_address(path)
