"""Boxes as the published code counts them: shares of the network input."""

from torch import Tensor


def normalise_boxes(boxes: Tensor, shape: tuple[int, int]) -> Tensor:
    """Turn boxes in pixels into shares of an image: (box - [0, 0, 1, 1]) / ([w, h, w, h] - 1).

    Args:
        boxes: (N, 4) xyxy in pixels.
        shape: (h, w) of the image.

    Returns:
        Tensor: (N, 4) xyxy, 0 to 1 within the image.
    """
    return (boxes - boxes.new_tensor([0, 0, 1, 1])) / _size(boxes, shape)


def denormalise_boxes(boxes: Tensor, shape: tuple[int, int]) -> Tensor:
    """The inverse of :func:`normalise_boxes`."""
    return boxes * _size(boxes, shape) + boxes.new_tensor([0, 0, 1, 1])


def _size(boxes: Tensor, shape: tuple[int, int]) -> Tensor:
    height, width = shape
    return boxes.new_tensor([width, height, width, height]) - 1
