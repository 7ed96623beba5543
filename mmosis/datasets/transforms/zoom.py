"""RandomZoom: crops a window in which a searched object has a random size."""

import numpy as np
from mmcv.transforms import BaseTransform
from mmdet.datasets.transforms import RandomCrop
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import get_box_tensor

from .formatting import OTHER

_MIN_SIDE = 16  # pixels of a window


@TRANSFORMS.register_module()
class RandomZoom(BaseTransform):
    """Crop a window around one of the searched objects, in which that has a random size once it is resized.

    A search scales its image so that the object gets the reference's size. Training sees objects at sizes around that,
    however large they are in their images; mmdet's ``RandomResize`` samples the size of the image instead. The window
    is a square but where the image is smaller. It holds the centre of the object, of any other where none is searched
    for, and lies at random. What it cuts is clipped as mmdet's ``RandomCrop`` does. ``Resize`` to ``window_size``
    follows.

    Required keys: ``img``, ``gt_bboxes``, ``gt_bboxes_labels``.

    Changed keys: those of ``RandomCrop``.

    Args:
        window_size: Longer side in pixels to which the window is resized.
        object_size: Least and largest size of the object, the root of the area of its box, in pixels after that; its
            logarithm is uniform.
        max_enlargement: By how much an image may be enlarged at most.

    Raises:
        ValueError: If a number is out of its range.
    """

    def __init__(self, window_size: int, object_size: tuple[float, float], max_enlargement: float) -> None:
        low, high = object_size
        if not 0 < low <= high or window_size < _MIN_SIDE or max_enlargement <= 0:
            raise ValueError(
                f'RandomZoom needs object_size from low to high above 0, a window_size of at least {_MIN_SIDE} and '
                f'max_enlargement above 0, got {object_size}, {window_size} and {max_enlargement}'
            )
        self.window_size, self.object_size, self.max_enlargement = window_size, object_size, max_enlargement

    def transform(self, results: dict) -> dict:
        """Crop a window; an image without objects stays as it is."""
        bboxes = get_box_tensor(results['gt_bboxes']).numpy()
        if not len(bboxes):
            return results
        searched = np.flatnonzero(results['gt_bboxes_labels'] != OTHER)
        bbox = bboxes[np.random.choice(searched if len(searched) else len(bboxes))]
        size = np.sqrt(max(np.prod(bbox[2:] - bbox[:2]), 1))
        wanted = np.exp(np.random.uniform(*np.log(self.object_size)))
        side = max(round(self.window_size / min(wanted / size, self.max_enlargement)), _MIN_SIDE)
        lengths = results['img'].shape[:2]
        window = tuple(min(side, length) for length in lengths)
        centre = (bbox[:2] + bbox[2:])[::-1] / 2
        offset = tuple(map(_draw_start, centre, window, lengths))
        return _CropAt(offset, window).transform(results)


class _CropAt(RandomCrop):
    """mmdet's ``RandomCrop`` at a given place: the offset (y, x) of a window (h, w)."""

    def __init__(self, offset: tuple[int, int], shape: tuple[int, int]) -> None:
        super().__init__(crop_size=shape[::-1], allow_negative_crop=True)
        self.offset = offset

    def _rand_offset(self, margin: tuple[int, int]) -> tuple[int, int]:
        return self.offset


def _draw_start(centre: float, window: int, length: int) -> int:
    """Draw where a window begins that holds a centre and lies within 0 to length."""
    low = max(int(np.ceil(centre)) - window, 0)
    high = min(int(centre), length - window)
    return int(np.random.randint(min(low, high), max(low, high) + 1))
