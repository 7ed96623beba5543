"""ImageResult: what a search found in one image, to look at and to hand on."""

import html
import sys
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
from PIL import Image

from mmosis.structures import FoundObjects

from .exports.coco_export import describe_image
from .exports.object_crops import cut_object
from .images import MAX_PIXELS, load_image
from .overlay import draw_search, write_image

if TYPE_CHECKING:
    from supervision import Detections

INLINE_SIDE, INLINE_QUALITY = 640, 70  # of images in a notebook


class ObjectResult(NamedTuple):
    """An object that was found.

    Attributes:
        category: Name of what it is.
        score: 0-1.
        bbox: x1, y1, x2, y2 in pixels of the image.
        mask: COCO RLE, or None where the model gives no masks.
    """

    category: str
    score: float
    bbox: tuple[float, float, float, float]
    mask: dict | None


@dataclass(frozen=True, eq=False)
class ImageResult:
    """What a search found in one image, the best first; ``len`` and iteration give :class:`ObjectResult`.

    Attributes:
        image: What was searched: its file, which is read again when it is needed, or the array (H, W, 3) BGR itself.
        found: ``bboxes`` (N, 4) xyxy, ``scores``, ``labels``, and ``masks`` where there are any.
        classes: Name of each label.
        references: Label and image (h, w, 3) RGB of each reference.
        max_pixels: Of an image file.
        file_name: Name of the image, below the folder of all that were searched; of an array its number.
    """

    image: str | np.ndarray | None
    found: FoundObjects
    classes: Sequence[str]
    references: Sequence[tuple[int, np.ndarray]] = ()
    max_pixels: int = MAX_PIXELS
    file_name: str = '00000000.jpg'

    def __len__(self) -> int:
        return len(self.found)

    def __iter__(self) -> Iterator[ObjectResult]:
        masks = self.found.masks if 'masks' in self.found else [None] * len(self)
        rows = zip(
            self.found.labels.tolist(), self.found.scores.tolist(), self.found.bboxes.tolist(), masks, strict=True
        )
        return (ObjectResult(self.classes[label], score, tuple(bbox), mask) for label, score, bbox, mask in rows)

    @property
    def counts(self) -> dict[str, int]:
        """How many objects of each category were found, by name."""
        times = Counter(self.found.labels.tolist())
        return {name: times[label] for label, name in enumerate(self.classes)}

    def __repr__(self) -> str:
        return f'{self.file_name}: {", ".join(f"{times} {name}" for name, times in self.counts.items())}'

    def load(self) -> np.ndarray:
        """The image, (H, W, 3) uint8, BGR.

        Raises:
            ValueError: If its file cannot be read, or it is not known which it was.
            FileNotFoundError: If there is no such file.
        """
        if self.image is None:
            raise ValueError('it is not known which image was searched')
        return load_image(self.image, self.max_pixels)

    def plot(self) -> np.ndarray:
        """Draw masks, names and scores over the image, and the references at the lower left: (h, w, 3) uint8, RGB."""
        return draw_search(self.load()[..., ::-1], self.found, self.classes, self.references)

    def show(self) -> None:
        """Show it, in a notebook or by a program of the system.

        Raises:
            RuntimeError: If there is neither.
        """
        from PIL import ImageShow  # imports IPython if there is one

        if 'ipykernel' in sys.modules:
            from IPython.display import display

            display(self)
        elif not ImageShow.show(Image.fromarray(self.plot())):
            raise RuntimeError('there is no program here that shows images; write it by save(path)')

    def save(self, path: str | Path) -> None:
        """Write what :meth:`plot` draws, in the format of the suffix.

        Raises:
            ValueError: If the suffix is of no image.
            OSError: If it cannot be written.
        """
        if not cv2.haveImageWriter(str(path)):
            raise ValueError(f'{path} must end as an image does, in .jpg or .png')
        write_image(Path(path), self.plot())

    def crops(self) -> list[np.ndarray]:
        """Cut each object out along its mask: (h, w, 4) uint8, RGBA."""
        image = self.load()
        return [cut_object(image, row['bbox'], row['segmentation']) for row in self.describe()['found']]

    def describe(self, polygons: float | None = None) -> dict:
        """As plain values, a record of :func:`~mmosis.search.exports.coco_export.to_coco`.

        Args:
            polygons: Tolerance in pixels of polygons; by default masks are RLE.
        """
        shape = tuple(self.found.masks.img_shape) if 'masks' in self.found else self.load().shape[:2]
        return describe_image(self.file_name, shape, self.found, 0.0, polygons)

    def to_supervision(self) -> 'Detections':
        """As ``supervision.Detections``, with names in ``data['class_name']``.

        Raises:
            ImportError: If supervision is not installed.
        """
        try:
            from supervision import Detections
        except ImportError as error:
            raise ImportError('supervision is not installed: pip install supervision') from error
        return Detections(
            xyxy=self.found.bboxes,
            mask=self.found.masks.numpy() if 'masks' in self.found else None,
            confidence=self.found.scores,
            class_id=self.found.labels,
            data=dict(class_name=np.array([self.classes[label] for label in self.found.labels], dtype=str)),
        )

    def _repr_html_(self) -> str:
        try:
            drawn = self.plot()
        except (OSError, ValueError) as error:  # the file is gone, which a notebook need not fail of
            return f'<p>{html.escape(f"{self!r} ({error})")}</p>'
        scale = min(1.0, INLINE_SIDE / max(drawn.shape[:2]))
        small = cv2.resize(drawn, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        _, encoded = cv2.imencode('.jpg', small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, INLINE_QUALITY])
        source = f'data:image/jpeg;base64,{b64encode(encoded.tobytes()).decode()}'
        return f'<figure><img src="{source}"><figcaption>{html.escape(repr(self))}</figcaption></figure>'
