"""What references tell about an image before it is searched: sizes of objects in it, and objects boxed on it."""

from dataclasses import dataclass

import numpy as np

from mmosis.structures import FoundObjects

from .boxed import BoxedObject, lift_boxed, with_boxed
from .calibration import Calibration, size_misfit
from .reference_bank import ReferenceBank
from .scales import known_sizes, mean_size
from .views import ViewSettings


@dataclass(frozen=True)
class KnownObjects:
    """Sizes of the objects of each category in an image, and the objects of references that lie on it.

    Attributes:
        img_shape: (H, W) of the image.
        sizes: For each category of the bank what :func:`~mmosis.search.scales.known_sizes` gives for its references.
        boxed: The objects on the image.
        shown: Whether boxed objects belong to the result; if not, it is what the network finds by itself.
    """

    img_shape: tuple[int, int]
    sizes: list[list[float]]
    boxed: list[BoxedObject]
    shown: bool = True

    @classmethod
    def of(cls, image: np.ndarray, bank: ReferenceBank, settings: ViewSettings, shown: bool = True) -> 'KnownObjects':
        """Look at an image (H, W, 3) BGR uint8 with the references of a bank."""
        shape = image.shape[:2]
        sizes = [known_sizes(references, shape, settings) for references in bank.sizes()]
        return cls(shape, sizes, bank.boxed_on(image), shown)

    @property
    def mean_sizes(self) -> list[float | None]:
        """One size for each category, in pixels of the image; None where no reference tells it."""
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
        """Add the boxed objects that were not found in the whole image: :func:`~mmosis.search.boxed.with_boxed`."""
        return with_boxed(found, self.boxed if self.shown else [], self.img_shape)

    def _calibrate(self, found: FoundObjects, calibration: Calibration) -> FoundObjects:
        scores, on_image = found.scores.copy(), {each.label for each in self.boxed}
        for label in np.unique(found.labels).tolist():
            rows = found.labels == label
            misfits = size_misfit(found.bboxes[rows], self.sizes[label]) if self.sizes[label] else None
            scores[rows] = calibration(scores[rows], misfits, label in on_image)
        return found.with_columns(scores=scores)
