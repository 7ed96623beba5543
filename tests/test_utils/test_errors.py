"""Errors in words."""

import pytest

from mmosis.utils.errors import DamagedError, describe_error


@pytest.mark.parametrize(
    ('error', 'text'),
    [
        (PermissionError(13, 'Permission denied', 'a'), 'a: Permission denied'),
        (OSError(28, 'No space left on device'), 'No space left on device'),
        (FileNotFoundError('there is no file a'), 'there is no file a'),
        (DamagedError('index a is damaged'), 'index a is damaged'),
    ],
)
def test_sentence(error: Exception, text: str) -> None:
    assert describe_error(error) == text
