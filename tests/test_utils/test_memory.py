"""Whether an error tells of too little memory, as the libraries say it."""

import cv2
import numpy as np
import pytest
import torch

from mmosis.utils.memory import is_memory_error


def test_of_numpy_opencv_and_torch() -> None:
    huge = 2**60
    for ask in (
        lambda: np.zeros(huge, np.uint8),
        lambda: cv2.resize(np.zeros((4, 4), np.uint8), (2**30, 2**30)),
        lambda: torch.zeros(huge),
    ):
        with pytest.raises(Exception) as caught:  # noqa: PT011  (each has a type of its own)
            ask()
        assert is_memory_error(caught.value), str(caught.value)


def test_others() -> None:
    assert is_memory_error(MemoryError())
    assert is_memory_error(RuntimeError('std::bad_alloc'))
    assert not is_memory_error(ValueError('a box lies outside of the image'))
