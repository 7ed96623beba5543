"""SearchResult: what a call of an inferencer gives, and ImageResult: what it found in one image."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmosis.structures import FoundObjects, RLEMasks
from mmosis.utils.masks import encode_segmentation, rle_as_text

from .exports.coco_export import to_coco
from .folders.output_names import common_folder
from .image_result import ImageResult
from .images import MAX_PIXELS
from .reference_bank import ReferenceBank

if TYPE_CHECKING:
    from supervision import Detections

SHOWN = 20  # images in a notebook


class SearchResult(dict):
    """The dict of a ``DetInferencer``, with ``classes``, and a sequence of the images that were searched.

    Keys are ``predictions``, one for each image, ``visualization``, and ``classes``, the name of each label. A number
    in place of a key, ``len`` and iteration give images, each an :class:`~mmosis.search.image_result.ImageResult`.
    Where one was searched, its methods are also here::

        result = inferencer('scene.jpg', references='mug.jpg')
        result.show()
        for each in result[0]:
            print(each.category, each.score, each.bbox)

    Printed, it sums up what was found; in a notebook it shows it.
    """

    _images: Sequence[str | np.ndarray] = ()
    _names: Sequence[str] = ()
    _thumbnails: Sequence[tuple[int, np.ndarray]] = ()
    _max_pixels = MAX_PIXELS

    @classmethod
    def of(
        cls, content: Mapping[str, Any], images: Sequence[str | np.ndarray], bank: ReferenceBank, max_pixels: int
    ) -> 'SearchResult':
        """Join what a ``DetInferencer`` gives with what was searched, of which nothing is copied."""
        result = cls(content, classes=bank.names)
        result._images, result._names = images, _name(images)
        result._thumbnails, result._max_pixels = bank.wanted_thumbnails(), max_pixels
        return result

    def __getitem__(self, key: Any) -> Any:
        """Read a key of the dict, or by a number what was found in an image, or by a slice in several."""
        if isinstance(key, slice):
            return [self[number] for number in range(len(self))[key]]
        if not isinstance(key, int | np.integer):
            return super().__getitem__(key)
        number = range(len(self))[key]
        return ImageResult(
            self._images[number] if self._images else None,
            _as_found(self['predictions'][number]),
            self['classes'],
            self._thumbnails,
            self._max_pixels,
            self._names[number] if self._names else f'{number:08}.jpg',
        )

    def __len__(self) -> int:
        return len(self['predictions'])

    def __iter__(self) -> Iterator[ImageResult]:  # keys() are those of the dict
        return (self[number] for number in range(len(self)))

    def __repr__(self) -> str:
        """Sum up, e.g. ``2 images: 5 objects (3 coin, 2 cup), scores 0.53-0.97``."""
        # Plain values, or those of a DetDataSample.
        images = [each if isinstance(each, dict) else each.pred_instances for each in self['predictions']]
        labels = [int(label) for image in images for label in image['labels']]
        scores = [float(score) for image in images for score in image['scores']]
        numbers = dict(image=len(images), object=len(labels))
        summary = ': '.join(f'{number} {name}{"" if number == 1 else "s"}' for name, number in numbers.items())
        if not labels:
            return summary
        counts = ', '.join(f'{number} {self["classes"][label]}' for label, number in sorted(Counter(labels).items()))
        return f'{summary} ({counts}), scores {min(scores):.2f}-{max(scores):.2f}'

    def _repr_html_(self) -> str:
        shown = [self[number]._repr_html_() for number in range(min(len(self), SHOWN))]
        return ''.join(shown) + (f'<p>and {len(self) - SHOWN} more images</p>' if len(self) > SHOWN else '')

    @property
    def files(self) -> dict[str, Path]:
        """Where the images are that are files, by their names in :meth:`to_coco`."""
        return {each.file_name: Path(each.image) for each in self if isinstance(each.image, str)}

    def to_coco(self, polygons: float | None = None) -> dict:
        """As the content of a COCO-format file of all images, named below the folder that all files are in.

        Args:
            polygons: Tolerance in pixels of polygons; by default masks are RLE.
        """
        return to_coco([each.describe(polygons) for each in self], self['classes'])

    def plot(self) -> np.ndarray:
        """As :meth:`ImageResult.plot`."""
        return self._only().plot()

    def show(self) -> None:
        """As :meth:`ImageResult.show`."""
        self._only().show()

    def save(self, path: str | Path) -> None:
        """As :meth:`ImageResult.save`."""
        self._only().save(path)

    def crops(self) -> list[np.ndarray]:
        """As :meth:`ImageResult.crops`."""
        return self._only().crops()

    def to_supervision(self) -> 'Detections':
        """As :meth:`ImageResult.to_supervision`."""
        return self._only().to_supervision()

    def _only(self) -> ImageResult:
        if len(self) != 1:
            raise ValueError(f'{len(self)} images were searched; take one of them, such as result[0]')
        return self[0]


def _name(images: Sequence[str | np.ndarray]) -> list[str]:
    paths = {image: os.path.abspath(image) for image in images if isinstance(image, str)}
    folder = common_folder(list(paths.values())) if paths else ''
    return [
        os.path.relpath(paths[image], folder) if isinstance(image, str) else f'{number:08}.jpg'
        for number, image in enumerate(images)
    ]


def as_plain(found: Any) -> dict[str, list]:
    """Turn what was found, ``FoundObjects`` or mmdet's instances, into plain values: the prediction of an image."""
    plain = {name: found[name].tolist() for name in ('labels', 'scores', 'bboxes')}
    if 'masks' in found:
        plain['masks'] = [rle_as_text(rle) for rle in found.masks]
    return plain


def _as_found(prediction: Any) -> FoundObjects:
    """Read the prediction of an image, plain values or a ``DetDataSample``."""
    given = prediction if isinstance(prediction, dict) else prediction.pred_instances
    columns = dict(
        bboxes=np.asarray(given['bboxes'], np.float32).reshape(-1, 4),
        scores=np.asarray(given['scores'], np.float32),
        labels=np.asarray(given['labels'], int),
    )
    masks = list(given['masks']) if 'masks' in given else []
    if masks:
        shape = masks[0]['size']
        columns['masks'] = RLEMasks([encode_segmentation(rle, shape) for rle in masks], shape)
    return FoundObjects(**columns)
