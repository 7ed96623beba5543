"""SearchReference: an example of what to search for, read from any of the forms in which users give it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from mmosis.utils.image import crop_box, from_pillow
from mmosis.utils.masks import decode_segmentation, mask_box
from mmosis.utils.reference_crop import shrink

from .images import MAX_PIXELS, check_image, load_cutout

DEFAULT_NAME = 'object'
THUMBNAIL_SIZE = 128
CUTOUT_SIZE = 512  # pixels that are kept of a cut-out's longer side
Box = tuple[float, float, float, float]
ImageInput = str | Path | np.ndarray | Image.Image


@dataclass(frozen=True, eq=False)
class SearchReference:
    """One image of what to search for.

    Attributes:
        img: File, array (H, W, 3) BGR uint8, or with alpha (H, W, 4), or a Pillow image, which becomes one. None:
            the searched image itself, if it is one.
        bbox: Box of the object, xyxy, pixels of ``img`` as it is shown, turned upright as its EXIF says. By default the
            box of the mask, or the whole image.
        mask: The object's mask, in the same frame: an array (H, W), not 0 on the object, COCO polygons or RLE. Features
            are then averaged over the object alone. By default where ``img`` is opaque, if it is not everywhere.
        name: Its category; references of one name are searched for together.
        negative: "Not like this": what resembles it more than any category is dropped.
        source: Where its image is from, for messages; by default its file.
    """

    img: ImageInput | None = None
    bbox: Box | None = None
    mask: np.ndarray | list | dict | None = None
    name: str = DEFAULT_NAME
    negative: bool = False
    source: str | None = None

    def __post_init__(self) -> None:
        if isinstance(self.img, Image.Image):
            object.__setattr__(self, 'img', from_pillow(self.img))
        if self.img is not None and not isinstance(self.img, str | Path | np.ndarray):
            raise TypeError(f'a reference image must be a path or an array (H, W, 3), got {type(self.img).__name__}')
        if self.mask is not None and not isinstance(self.mask, np.ndarray | list | dict):
            raise TypeError(f'a mask must be an array (H, W), COCO polygons or RLE, got {type(self.mask).__name__}')
        if not isinstance(self.negative, bool | np.bool_):
            raise TypeError(f'negative must be True or False, got {self.negative!r}')
        object.__setattr__(self, 'negative', bool(self.negative))
        if not isinstance(self.name, str) or not self.name.strip():
            raise ValueError(f"a reference's name must be a word or more, got {self.name!r}")
        if self.bbox is not None:
            object.__setattr__(self, 'bbox', _check_box(self.bbox))

    @property
    def origin(self) -> str:
        """Its source and box, for messages."""
        source = self.source or ('an array' if isinstance(self.img, np.ndarray) else str(self.img))
        box = '' if self.bbox is None else f' at {", ".join(f"{value:g}" for value in self.bbox)}'
        return source + box + (' with mask' if self.mask is not None else '')

    def load(self, max_pixels: int = MAX_PIXELS) -> tuple[dict, np.ndarray]:
        """Load what the reference pipeline takes after loading, and a thumbnail.

        Args:
            max_pixels: An image file that has more is refused.

        Returns:
            tuple: ``img`` (H, W, 3) BGR; ``img_shape``, (h, w) of the image, but of a cut-out that of the object;
            ``ref_bbox``, and ``ref_mask`` (H, W), 0 or 1, if there is a mask; and the crop as an image of at most
            THUMBNAIL_SIZE, (h, w, 3) RGB.

        Raises:
            FileNotFoundError: If there is no such image.
            ValueError: If the image cannot be read, the box has no area in it, or the mask is empty, of another size or
                that of everything.
        """
        img, opaque = load_cutout(self.img, max_pixels)
        try:
            results = self._find_object(img, opaque)
            crop = crop_box(results['img'], results['ref_bbox'])
        except ValueError as error:
            raise ValueError(f'reference {self.name!r}, {self.origin}: {error}') from error
        check_image(crop, f'reference {self.name!r}, {self.origin}')
        return results, make_thumbnail(crop)

    def _find_object(self, img: np.ndarray, opaque: np.ndarray | None) -> dict:
        """Find the object: in the mask, in the opaque part of a cut-out, in the box, or everywhere."""
        shape = img.shape[:2]
        if self.mask is None:
            cut = None if opaque is None else _in_box(opaque, self.bbox)
            whole = (0, 0, shape[1], shape[0])
            return dict(img=img, img_shape=shape, ref_bbox=self.bbox or whole) if cut is None else _lay_out(img, cut)
        mask = _decode_mask(self.mask, shape)
        bbox = self.bbox or tuple(map(float, mask_box(mask)))
        if not crop_box(mask, bbox).any():
            raise ValueError('the mask lies outside of the box; omit the box, or give that of the mask')
        return dict(img=img, img_shape=shape, ref_bbox=bbox, ref_mask=mask)


# What a search takes as references, beside a bank.
ReferenceInput = ImageInput | Mapping[str, Any] | SearchReference


def parse_references(references: Any, searched: Sequence | None = None) -> list[SearchReference]:
    """Read references in any form.

    Args:
        references: A path, an array or a Pillow image (the whole image shows the object), a dict with the fields
            of :class:`SearchReference`, one of these, or a list of any of them.
        searched: The images to search; a reference without an image is taken from it if it is one.

    Raises:
        TypeError: If it is something else, or a dict has other keys.
        ValueError: If there is none, or it is not clear which image a box is of.
    """
    if isinstance(references, ImageInput | Mapping | SearchReference):
        references = [references]
    if not isinstance(references, Sequence):
        raise TypeError(
            'references must be paths, arrays (H, W, 3), dicts with img, bbox, mask, name and negative, or a '
            f'ReferenceBank, got {type(references).__name__}'
        )
    if not references:
        raise ValueError('there is no reference: give at least one image of what to search for')
    parsed = [_place(_parse(reference), searched) for reference in references]
    if all(reference.negative for reference in parsed):
        raise ValueError('all references are negative; give at least one of what to search for')
    return parsed


def _parse(reference: Any) -> SearchReference:
    if isinstance(reference, SearchReference):
        return reference
    if isinstance(reference, ImageInput):
        return SearchReference(reference)
    if not isinstance(reference, Mapping):
        raise TypeError(f'a reference must be a path, an array or a dict, got {type(reference).__name__}')
    known = [field.name for field in fields(SearchReference)]
    unknown = sorted(set(reference) - set(known))
    if unknown:
        raise TypeError(f'a reference has the keys {", ".join(known)}; got {", ".join(map(str, unknown))}')
    return SearchReference(**reference)


def _place(reference: SearchReference, searched: Sequence | None) -> SearchReference:
    """Give a reference on the searched image its image."""
    if reference.img is not None:
        return reference
    if searched is None or len(searched) != 1:
        raise ValueError(
            'a reference without an image is on the searched one, which must be a single image then, got '
            f'{"none" if searched is None else len(searched)}; give the reference its img'
        )
    if reference.bbox is None and reference.mask is None:
        raise ValueError('a reference on the searched image must have a bbox or a mask')
    return replace(reference, img=searched[0])


def _check_box(bbox: Any) -> Box:
    try:
        box = tuple(float(value) for value in bbox)
    except (TypeError, ValueError):
        box = ()
    if len(box) != 4 or not all(np.isfinite(box)) or not (box[0] < box[2] and box[1] < box[3]):
        raise ValueError(f'a box must be x1, y1, x2, y2 in pixels with x1 < x2 and y1 < y2, got {bbox}')
    if min(box) >= 0 and max(box) <= 1:
        raise ValueError(f'boxes are in pixels, got {bbox}; multiply fractions of the image by its width and height')
    return box


def _decode_mask(mask: np.ndarray | list | dict, img_shape: tuple[int, int]) -> np.ndarray:
    decoded = decode_segmentation(mask, img_shape)
    if decoded.all():
        raise ValueError('the mask covers the whole image; it must be 0 beside the object, or be omitted')
    if all(edge.all() for edge in (decoded[0], decoded[-1], decoded[:, 0], decoded[:, -1])):
        raise ValueError(
            'the mask covers the whole border of the image; it must be 0 beside the object and not 0 on it: is it '
            'inverted?'
        )
    return decoded


def _in_box(opaque: np.ndarray, bbox: Box | None) -> np.ndarray | None:
    """The opaque part of an image that lies in a box: (H, W) bool; None if all of the box is opaque."""
    if bbox is None:
        return opaque
    part = np.zeros_like(opaque)
    crop_box(part, bbox)[:] = crop_box(opaque, bbox)
    if not part.any():
        raise ValueError('all of the box is transparent; omit the box, or give that of the object')
    return None if crop_box(part, bbox).all() else part


def _lay_out(img: np.ndarray, cut: np.ndarray) -> dict:
    """Lay a cut-out on a canvas with room for any context around its box; what is transparent is 0, as padding is.

    Its own canvas may have any size, and says nothing of the object's. A large one is reduced, for its memory.
    """
    bbox = mask_box(cut)
    mask = crop_box(cut, bbox).astype(np.uint8)
    crop = crop_box(img, bbox) * mask[..., None]
    crop, mask = shrink(crop, CUTOUT_SIZE), shrink(255 * mask, CUTOUT_SIZE)
    height, width = shape = mask.shape
    crop, mask = (cv2.copyMakeBorder(part, height, height, width, width, cv2.BORDER_CONSTANT) for part in (crop, mask))
    bbox = (width, height, 2 * width, 2 * height)
    return dict(img=crop, img_shape=shape, ref_bbox=bbox, ref_mask=(mask > 127).astype(np.uint8))


def make_thumbnail(image: np.ndarray) -> np.ndarray:
    """Reduce an image (H, W, 3) BGR to at most THUMBNAIL_SIZE a side: (h, w, 3) RGB."""
    return shrink(image, THUMBNAIL_SIZE)[..., ::-1].copy()
