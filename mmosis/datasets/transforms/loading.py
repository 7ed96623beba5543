"""LoadImage: reads an image file of any format."""

from mmcv.transforms import BaseTransform
from mmdet.registry import TRANSFORMS

from mmosis.utils.image import read_image


@TRANSFORMS.register_module()
class LoadImage(BaseTransform):
    """mmdet's ``LoadImageFromFile`` for files of any format, with clear errors.

    :func:`~mmosis.utils.image.read_image` says how.

    Required keys: ``img_path``; ``height`` and ``width``, as the annotation file states them, are checked if given.

    Added keys: ``img`` (H, W, 3) uint8 BGR, ``img_shape``, ``ori_shape``.

    Args:
        backend_args: Arguments of the MMEngine file backend.
    """

    def __init__(self, backend_args: dict | None = None) -> None:
        self.backend_args = backend_args

    def transform(self, results: dict) -> dict:
        """Read ``img_path``.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If it is no image, is cut off, or has not the stated size.
        """
        size = (results['height'], results['width']) if 'height' in results else None
        image = read_image(results['img_path'], size, self.backend_args)
        results.update(img=image, img_shape=image.shape[:2], ori_shape=image.shape[:2])
        return results
