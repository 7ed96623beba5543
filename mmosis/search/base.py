"""SearchBase: base class of the inferencers, with all of a search that no runtime differs in."""

from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from mmosis.structures import FoundObjects

from .known_objects import KnownObjects
from .nms import cross_category_nms, keep_wanted
from .options import SearchOptions
from .reference_bank import BankEntry, ReferenceBank
from .references import ReferenceInput, parse_references
from .regions import EncodedImage, RegionEmbedding
from .score_calibration import Calibration
from .view_search import Searched, Step, View, finish, search_views
from .views import ViewSettings, plan_unknown

REGION_SIZE = 64  # pixels of the network's input


class SearchBase(ABC):
    """Encode references into a bank, and search images for a bank.

    Attributes:
        fingerprint: Of the model, which a bank must be of.
        options: What the user chose; a search may be given others.
        precision: 'fp32' or 'bf16'.
        runtime: 'torch' or 'onnx'.
        region_size: Side of the regions of an index, in pixels of the network's input.
        calibration: What scores go through, or None.
        show_progress: Whether long searches show a bar.
    """

    fingerprint: str
    options: SearchOptions
    precision: str
    runtime: str
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
        self.search_cfg, self._resizes = search, resizes
        self.calibration = Calibration.from_config(search)
        self.region_size = search.get('region_size', REGION_SIZE)
        if self.region_size < 1:
            raise ValueError(f'search.region_size must be at least 1 pixel, got {self.region_size}')
        self.view_settings(self.options)  # refuses what is out of its range

    def view_settings(self, options: SearchOptions) -> ViewSettings:
        """Settings of the views in which images are searched, from the config and the user's options.

        Raises:
            ValueError: If a setting is out of its range, or there is a scale and nothing that resizes.
        """
        views = ViewSettings.from_config(self.search_cfg, options)
        if views.sides and not self._resizes:
            what = 'image_scale' if options.image_scale else 'search'
            raise ValueError(f'{what} sets the Resize of the test pipeline, and this config has none; omit it')
        return views

    @property
    def views(self) -> ViewSettings:
        """Settings of the views in which images are searched by default."""
        return self.view_settings(self.options)

    def encode(
        self,
        references: ReferenceInput | Sequence[ReferenceInput],
        batch_size: int = 8,
        searched: Sequence[str | np.ndarray] | None = None,
    ) -> ReferenceBank:
        """Encode references, once for all searches.

        Args:
            references: An image (path or array) that shows the object and little else; a dict with ``img`` and maybe
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
            loaded = [reference.load(self.options.max_pixels) for reference in batch]
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
                f'{str(self._row_shapes)[:200]}; encode the images again with this model'
            )

    @cached_property
    def _row_shapes(self) -> list[tuple[int, ...]]:
        """Shapes of what is kept of a reference, as of a blank one."""
        blank = dict(img=np.zeros((32, 32, 3), np.uint8), img_shape=(32, 32), ref_bbox=(0, 0, 32, 32))
        return [array.shape[1:] for array in self._encode_batch([blank])]

    def embed_regions(self, image: np.ndarray) -> np.ndarray:
        """Embed the regions of a whole image (H, W, 3) BGR uint8, whatever is searched for, at the smallest scale.

        Returns:
            np.ndarray: (N, D) float32, unit vectors.

        Raises:
            ValueError: If the model's matcher compares no vectors.
        """
        side = plan_unknown(image.shape[:2], replace(self.views, tile=None))[0].side
        return self.regions.embed_regions(self._encode_image(image, side))

    @property
    def region_scale(self) -> list:
        """The settings that determine the scale of :meth:`embed_regions`, as plain values."""
        sides = self.views.unknown_sides or (self.views.sides or ())[-1:]
        return [*sides[:1], self.views.max_enlargement]

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
            keep_all: Whether to keep what every category finds, see :class:`SearchOptions`.

        Returns:
            FoundObjects: ``bboxes``, ``scores``, ``labels`` and maybe ``masks``, the best first.

        Raises:
            ValueError: If the bank is of another model.
        """
        return self.search_image(image, bank, keep_all=keep_all).found

    def search_image(
        self, image: np.ndarray, bank: ReferenceBank, options: SearchOptions | None = None, **changes: Any
    ) -> Searched:
        """Search one image as :meth:`search` does, and return its views too; a running progress bar counts them.

        Args:
            image, bank: As in :meth:`search`.
            options: By default the inferencer's, with a threshold of 0.
            **changes: Fields of the options that are others.
        """
        options = replace(options or replace(self.options, score_thr=0.0), **changes)
        return finish(self.search_batch([image], bank, options))[0]

    def search_batch(
        self, images: Sequence[np.ndarray], bank: ReferenceBank, options: SearchOptions
    ) -> Generator[Step, None, list[Searched]]:
        """Search images step by step, so that progress can be shown, and the search stopped between two steps.

        Args:
            images: Each (H, W, 3) BGR uint8.
            bank: What to search for.
            options: How. What scores less than the threshold may be missing from what was found, but for the best of
                all.

        Yields:
            Step: How many views have been searched, and how many there are by now.

        Returns:
            list[Searched]: What was found in each image.

        Raises:
            ValueError: If the bank is of another model.
        """
        self.check_bank(bank)
        queries, settings = self.merge_references(bank), self.view_settings(options)
        known = [KnownObjects.of(image, bank, settings, options.add_boxed) for image in images]

        def detect(views: Sequence[View]) -> list[FoundObjects]:
            pairs = zip(self._search_views(views, images, queries), views, strict=True)
            return [known[view.image].rate(found, view.tile[:2], self.calibration) for found, view in pairs]

        shapes, sizes = [each.img_shape for each in known], [each.mean_sizes for each in known]
        results = yield from search_views(shapes, sizes, settings, detect, options, self.nms_iou_thr)
        complete = [each.complete(result.found) for each, result in zip(known, results, strict=True)]
        num_wanted = len(bank.names)  # the labels from it up are negative
        kept = [
            keep_wanted(found, num_wanted)
            if options.keep_all
            else cross_category_nms(found, num_wanted, self.nms_iou_thr)
            for found in complete
        ]
        return [result._replace(found=found) for result, found in zip(results, kept, strict=True)]

    @abstractmethod
    def merge_references(self, bank: ReferenceBank) -> Any:
        """Make one query of each category's references, negative ones included."""

    @abstractmethod
    def _search_views(self, views: Sequence[View], images: Sequence[np.ndarray], queries: Any) -> list[FoundObjects]:
        """Search views of one side, each for its categories by itself; scores are the network's.

        Args:
            views: Which.
            images: What they are views of.
            queries: What :meth:`merge_references` made of the bank.

        Returns:
            list: For each view what was found, in pixels of its tile.
        """

    @abstractmethod
    def _encode_batch(self, loaded: list[dict]) -> list[np.ndarray]:
        """Encode R loaded references in one pass, each for itself: arrays of R rows, float32."""

    @property
    @abstractmethod
    def regions(self) -> RegionEmbedding:
        """Embedding of the regions of an image, for an index."""

    @abstractmethod
    def _encode_image(self, image: np.ndarray, side: int | None) -> EncodedImage:
        """Encode an image (H, W, 3) BGR uint8 at a longer side."""

    @property
    @abstractmethod
    def nms_iou_thr(self) -> float:
        """IoU from which boxes of several categories suppress each other: that of the detector's own NMS."""

    def _as_bank(self, references: Any, images: Sequence) -> ReferenceBank:
        """Bank of what a call searches for, encoded by this model."""
        bank = references if isinstance(references, ReferenceBank) else self.encode(references, searched=images)
        self.check_bank(bank)
        return bank
