"""SearchBase: what a search is on any runtime."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from numbers import Integral, Real
from typing import Any

import numpy as np

from mmosis.structures import FoundObjects

from .calibration import Calibration
from .competition import compete, keep_wanted
from .images import MAX_PIXELS
from .reference_bank import BankEntry, ReferenceBank
from .references import parse_references
from .regions import RegionEmbedding
from .scales import ScaleSettings, choose_scales, merge_scales

REGION_SIZE = 64  # pixels of the network's input
SCORE_THR = 0.5  # lowest score of what is kept by default


class SearchBase:
    """Encode references into a bank, and search images for a bank.

    Attributes:
        fingerprint: Of the model, which a bank must be of.
        image_scale: Longer side in pixels that the user asked for, or None.
        max_pixels: Image files that have more are refused before they are decoded.
        precision: 'fp32' or 'bf16'.
        runtime: 'torch' or 'onnx'.
        scales: At which sizes an image is searched.
        region_size: Side of the regions of an index, in pixels of the network's input.
        calibration: What scores go through, or None.
        show_progress: Whether long searches show a bar.
    """

    fingerprint: str
    image_scale: int | None
    max_pixels: int = MAX_PIXELS
    precision: str
    runtime: str
    scales: ScaleSettings
    region_size: int
    calibration: Calibration | None
    show_progress: bool

    def read_settings(self, search: Mapping, resizes: bool) -> None:
        """Read a config's ``search``.

        Args:
            search: Its settings.
            resizes: Whether the test pipeline has a Resize, which a scale sets.

        Raises:
            ValueError: If a setting is out of its range, or there is a scale and nothing that resizes.
        """
        for name in ('image_scale', 'max_pixels'):
            if not isinstance(getattr(self, name), Integral | None):
                raise ValueError(f'{name} must be a whole number of pixels, got {getattr(self, name)!r}')
        if self.max_pixels < 1:
            raise ValueError(f'max_pixels must be at least 1, got {self.max_pixels}')
        self.scales = ScaleSettings.from_config(search, self.image_scale)
        self.calibration = Calibration.from_config(search)
        self.region_size = search.get('region_size', REGION_SIZE)
        if self.region_size < 1:
            raise ValueError(f'search.region_size must be at least 1 pixel, got {self.region_size}')
        if self.scales.scales and not resizes:
            what = 'image_scale' if self.image_scale else 'search'
            raise ValueError(f'{what} sets the Resize of the test pipeline, and this config has none; leave it out')

    def encode(self, references: Any, batch_size: int = 8, searched: Sequence | None = None) -> ReferenceBank:
        """Encode references, once for all searches.

        Args:
            references: A picture (path or array) that shows the object and little else; a dict with ``img`` and maybe
                ``bbox``, ``mask``, ``name``, ``negative`` (see :class:`SearchReference`), without ``img`` for a box on
                the searched image itself; or a list of these. References of one name are one category.
            batch_size: References that are encoded at a time.
            searched: The images to search, for references on one of them.

        Returns:
            ReferenceBank: To search for, to keep, or to join with others.

        Raises:
            FileNotFoundError: If there is no such image.
            TypeError: If a reference is of no known form.
            ValueError: If one cannot be used; the message says which and why.
        """
        parsed = parse_references(references, searched)
        entries, encoded, thumbnails = [], [], []
        for start in range(0, len(parsed), batch_size):
            batch = parsed[start : start + batch_size]
            loaded = [reference.load(self.max_pixels) for reference in batch]
            entries += [BankEntry.of(reference, results) for reference, (results, _) in zip(batch, loaded, strict=True)]
            thumbnails += [thumbnail for _, thumbnail in loaded]
            encoded.append(self._encode_batch([results for results, _ in loaded]))
        joined = [np.concatenate(arrays) for arrays in zip(*encoded, strict=True)]
        return ReferenceBank(entries, thumbnails, joined, self.fingerprint)

    def check_bank(self, bank: ReferenceBank) -> None:
        """Refuse references that this model has not encoded.

        Raises:
            ValueError: If the bank is of another model, or its encodings have other shapes.
        """
        bank.check_fingerprint(self.fingerprint)
        shapes = [array.shape[1:] for array in bank.encoded]
        if shapes != self._row_shapes:
            raise ValueError(
                f'the encodings of the bank have shapes {str(shapes)[:200]}, this model makes '
                f'{str(self._row_shapes)[:200]}; encode the pictures again with this model'
            )

    @cached_property
    def _row_shapes(self) -> list[tuple[int, ...]]:
        """Shapes of what is kept of a reference, as of a blank one."""
        blank = dict(img=np.zeros((32, 32, 3), np.uint8), img_shape=(32, 32), ref_bbox=(0, 0, 32, 32))
        return [array.shape[1:] for array in self._encode_batch([blank])]

    def embed_regions(self, image: np.ndarray) -> np.ndarray:
        """Embed the regions of an image (H, W, 3) BGR uint8, whatever is searched for, at the smallest of the scales.

        Returns:
            np.ndarray: (N, D) float32, unit vectors.

        Raises:
            ValueError: If the model's matcher compares no vectors.
        """
        side = choose_scales(None, image.shape[:2], self.scales)[0]
        return self.regions.embed_regions(*self._encode_image(image, side))

    def embed_references(self, bank: ReferenceBank) -> np.ndarray:
        """Embed what is searched for, as :meth:`embed_regions` does what is searched; negative ones have no part in it.

        Returns:
            np.ndarray: (categories, D) float32, unit vectors.

        Raises:
            ValueError: If the bank is of another model, or the model's matcher compares no vectors.
        """
        self.check_bank(bank)
        wanted = bank.categories[: len(bank.names)]
        means = [np.stack([array[list(category.rows)].mean(axis=0) for category in wanted]) for array in bank.encoded]
        return self.regions.embed_references(means)

    def search(self, image: np.ndarray, bank: ReferenceBank, keep_all: bool = False) -> FoundObjects:
        """Search one image for a bank, without output or progress.

        Args:
            image: (H, W, 3) BGR uint8.
            bank: What to search for.
            keep_all: Whether to keep what every category finds. By default categories compete, and a region goes to the
                one that matches it best; what negative references win is dropped.

        Returns:
            FoundObjects: ``bboxes``, ``scores``, ``labels`` and maybe ``masks``, the best first.

        Raises:
            ValueError: If the bank is of another model.
        """
        return self.settle(self.detect(image, bank), len(bank.names), keep_all)

    def settle(self, found: FoundObjects, num_wanted: int, keep_all: bool = False) -> FoundObjects:
        """Settle which category a region of an image is of, among all that :meth:`detect` found in it.

        Args:
            found: Detections of the whole image, those of negative categories included.
            num_wanted: Labels below it are wanted, the others negative.
            keep_all: As in :meth:`search`.
        """
        return keep_wanted(found, num_wanted) if keep_all else compete(found, num_wanted, self.competition_iou_thr)

    @abstractmethod
    def detect(
        self, image: np.ndarray, bank: ReferenceBank, whole_shape: tuple[int, int] | None = None
    ) -> FoundObjects:
        """Find what every category of a bank matches, negative ones included, each by itself.

        Args:
            image: (H, W, 3) BGR uint8.
            bank: What to search for.
            whole_shape: (h, w) of the image that this one is a tile of.

        Returns:
            FoundObjects: As :meth:`search` gives them, in any order; labels are positions in ``bank.categories``.

        Raises:
            ValueError: If the bank is of another model.
        """

    @abstractmethod
    def _encode_batch(self, loaded: list[dict]) -> list[np.ndarray]:
        """Encode R loaded references in one pass, each for itself: arrays of R rows, float32."""

    @property
    @abstractmethod
    def regions(self) -> RegionEmbedding:
        """How regions are embedded."""

    @abstractmethod
    def _encode_image(
        self, image: np.ndarray, side: int | None
    ) -> tuple[list[np.ndarray], tuple[int, int], tuple[int, int]]:
        """Encode an image at a longer side: its pyramid, each (C_l, H_l, W_l), and (h, w) of picture and of input."""

    @property
    @abstractmethod
    def competition_iou_thr(self) -> float:
        """Boxes that overlap by more than this compete: what the detector's own NMS takes for one object."""

    def _as_bank(self, references: Any, images: Sequence) -> ReferenceBank:
        """What a call searches for, encoded by this model."""
        bank = references if isinstance(references, ReferenceBank) else self.encode(references, searched=images)
        self.check_bank(bank)
        return bank

    def _calibrate(self, scores: np.ndarray) -> np.ndarray:
        return scores if self.calibration is None else self.calibration(scores)

    def _merge(self, results: Sequence[FoundObjects]) -> FoundObjects:
        """Join what an image gave at its scales."""
        return merge_scales(results, self.competition_iou_thr)


def check_score_thr(score_thr: float) -> None:
    """Refuse a threshold that is no score.

    Raises:
        TypeError: If it is no number.
        ValueError: If it is not in 0-1.
    """
    if not isinstance(score_thr, Real):
        raise TypeError(f'the score threshold must be a number in 0-1, got {score_thr!r}')
    if not 0 <= score_thr <= 1:
        share = f'; {score_thr:g} % is {score_thr / 100:g}' if 1 < score_thr <= 100 else ''
        raise ValueError(f'the score threshold must be in 0-1, got {score_thr}{share}')


def as_plain(found: Any) -> dict[str, list]:
    """Turn what was found, ``FoundObjects`` or mmdet's instances, into plain values: the prediction of an image."""
    plain = {name: found[name].tolist() for name in ('labels', 'scores', 'bboxes')}
    if 'masks' in found:
        plain['masks'] = [dict(rle, counts=rle['counts'].decode()) for rle in found.masks]
    return plain
