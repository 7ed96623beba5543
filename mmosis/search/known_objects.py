"""What is known of an image before it is searched: sizes of objects in it, and objects that references box on it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmosis.structures import FoundObjects

from .boxed_objects import BoxedObject, lift_boxed, with_boxed
from .reference_bank import ReferenceBank
from .score_calibration import Calibration, size_misfit
from .views import ViewSettings

Size = tuple[float, float]
SizedReference = tuple[Size | None, Size | None]  # (w, h) of its box and of its image, px


@dataclass(frozen=True)
class KnownObjects:
    """Sizes of the objects of each category in an image, and the objects of references that lie on it.

    Attributes:
        img_shape: (H, W) of the image.
        sizes: For each category of the bank what :func:`known_sizes` gives for its references.
        boxed: The objects on the image.
        shown: Whether boxed objects belong to the result; if not, it is what the network finds by itself.
    """

    img_shape: tuple[int, int]
    sizes: list[list[float]]
    boxed: list[BoxedObject]
    shown: bool = True

    @classmethod
    def of(cls, image: np.ndarray, bank: ReferenceBank, settings: ViewSettings, shown: bool = True) -> 'KnownObjects':
        """Compare an image (H, W, 3) BGR uint8 with the references of a bank."""
        shape = image.shape[:2]
        sizes = [known_sizes(references, shape, settings) for references in bank.sizes()]
        return cls(shape, sizes, bank.boxed_on(image), shown)

    @property
    def mean_sizes(self) -> list[float | None]:
        """One size for each category, in pixels of the image; None where no reference shows it."""
        return [mean_size(sizes) for sizes in self.sizes]

    def rate(self, found: FoundObjects, corner: tuple[int, int], calibration: Calibration | None) -> FoundObjects:
        """Calibrate the network's scores of a view, and raise those of boxed objects.

        Args:
            found: Detections in the frame of the view.
            corner: (x, y) of the view in the image.
            calibration: What scores go through, or None.
        """
        if calibration is not None:
            found = self._calibrate(found, calibration)
        return lift_boxed(found, self.boxed, corner) if self.shown else found

    def complete(self, found: FoundObjects) -> FoundObjects:
        """Add the boxed objects that were not found in the whole image: :func:`with_boxed`."""
        return with_boxed(found, self.boxed if self.shown else [], self.img_shape)

    def _calibrate(self, found: FoundObjects, calibration: Calibration) -> FoundObjects:
        scores, on_image = found.scores.copy(), {each.label for each in self.boxed}
        for label in np.unique(found.labels).tolist():
            rows = found.labels == label
            misfits = size_misfit(found.bboxes[rows], self.sizes[label]) if self.sizes[label] else None
            scores[rows] = calibration(scores[rows], misfits, label in on_image)
        return found.with_columns(scores=scores)


def known_sizes(
    references: Sequence[SizedReference], img_shape: tuple[int, int], settings: ViewSettings
) -> list[float]:
    """Sizes of a category's object in an image, from the references that show it.

    Args:
        references: For each the (w, h) of its box and of the reference image, in pixels; None where unknown.
        img_shape: (h, w) of the image.
        settings: What counts as an image of the same size, and as a crop.

    Returns:
        list[float]: Root of the area of the box of each that shows it, in pixels of the image.
    """
    sizes = []
    for box, ref_shape in references:
        if box is not None and ref_shape is not None:
            ratio = max(ref_shape) / max(img_shape)
            fill = np.sqrt(np.prod(box) / np.prod(ref_shape))
            if max(ratio, 1 / ratio) <= settings.same_size and fill <= settings.max_fill:
                sizes.append(float(np.sqrt(np.prod(box))))
    return sizes


def mean_size(sizes: Sequence[float]) -> float | None:
    """Geometric mean of what :func:`known_sizes` gives; None if no reference shows a size."""
    return float(np.exp(np.mean(np.log(sizes)))) if sizes else None
