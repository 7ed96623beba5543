"""Errors in words, and those of too little memory, as the libraries say it."""

import cv2
import numpy as np
import pytest
import torch

from mmosis.utils.errors import DamagedError, describe_error, is_memory_error


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


def test_too_little_memory_for_numpy_opencv_and_torch() -> None:
    huge = 2**60
    for ask in (
        lambda: np.zeros(huge, np.uint8),
        lambda: cv2.resize(np.zeros((4, 4), np.uint8), (2**30, 2**30)),
        lambda: torch.zeros(huge),
    ):
        with pytest.raises(Exception) as caught:  # noqa: PT011  (each has a type of its own)
            ask()
        assert is_memory_error(caught.value), str(caught.value)


def test_other_errors_of_memory() -> None:
    assert is_memory_error(MemoryError())
    assert is_memory_error(RuntimeError('std::bad_alloc'))
    assert not is_memory_error(ValueError('a box lies outside of the image'))
