"""Boxes as the published code counts them: fractions of the network input."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mmosis.utils.published_frame import from_fractions, to_fractions


def normalise_boxes(boxes: Tensor, shape: tuple[int, int]) -> Tensor:
    """Turn boxes in pixels into fractions of an image: (box - [0, 0, 1, 1]) / ([w, h, w, h] - 1).

    Args:
        boxes: (N, 4) xyxy in pixels.
        shape: (h, w) of the image.

    Returns:
        Tensor: (N, 4) xyxy, 0 to 1 within the image.
    """
    return torch.stack(to_fractions(boxes.unbind(-1), shape), dim=-1)


def denormalise_boxes(boxes: Tensor, shape: tuple[int, int]) -> Tensor:
    """The inverse of :func:`normalise_boxes`."""
    return torch.stack(from_fractions(boxes.unbind(-1), shape), dim=-1)


def numbers_like(tensor: Tensor, numbers: Sequence[float | Tensor]) -> Tensor:
    """Numbers as a tensor of the type of another one; those that a trace follows stay in it."""
    return torch.stack([torch.as_tensor(number, dtype=tensor.dtype, device=tensor.device) for number in numbers])
