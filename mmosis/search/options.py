"""SearchOptions: the user's options of a search; and the check of keywords that a call does not have."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from numbers import Integral, Real

from .exports.outlines import as_tolerance
from .images import MAX_PIXELS

MIN_SIDE = 32  # pixels of the network's input
# What other libraries call our keywords.
OTHERS = dict.fromkeys(
    ('conf', 'confidence', 'min_score', 'score', 'score_thr', 'score_threshold', 'thr', 'threshold'), 'pred_score_thr'
) | dict(batch='batch_size', output='out_dir', output_dir='out_dir', save='out_dir', save_dir='out_dir')


@dataclass(frozen=True)
class SearchOptions:
    """Options of a search, which the command, the page, inferencers and workers hand on unchanged.

    Attributes:
        score_thr: Lowest score of what is kept, 0-1.
        keep_all: Whether what every category finds is kept. By default a region goes to the category that matches it
            best, and what negative references match best is dropped.
        polygons: Tolerance in pixels of the polygons as which masks are written, 0 or True for all points; None or
            False for RLE.
        overlays: Whether images of the results are written.
        crops: Whether each object is written as an image, cut out along its mask.
        image_scale: Longer side in pixels to which images, or tiles of them, are resized for the network. By default
            the config's ``search`` settles it, see :class:`~mmosis.search.views.ViewSettings`. More finds smaller
            objects and takes longer.
        tile: Side in pixels of the tiles in which larger images are searched; by default as the size of the object asks
            for.
        overlap: What neighbouring tiles have in common at least, as a fraction of a tile; by default the config's, or
            0.25.
        max_pixels: Image files that have more are refused before they are decoded.
        batch_size: Views of images that the network takes at a time.
        add_boxed: Whether the objects of references that lie on the searched image are in what was found, as
            :func:`~mmosis.search.boxed_objects.with_boxed` puts them there; without it what the network found stays.
        every: Of so many frames of a video the first is searched.
        track: Whether objects in a video get ids that they keep from frame to frame.

    Raises:
        TypeError: If the threshold or the tolerance is no number.
        ValueError: If a number is out of its range.
    """

    score_thr: float = 0.5
    keep_all: bool = False
    polygons: float | None = None
    overlays: bool = True
    crops: bool = False
    image_scale: int | None = None
    tile: int | None = None
    overlap: float | None = None
    max_pixels: int = MAX_PIXELS
    batch_size: int = 1
    add_boxed: bool = True
    every: int = 1
    track: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, 'polygons', as_tolerance(self.polygons))
        for name in ('image_scale', 'tile', 'max_pixels'):
            if not isinstance(getattr(self, name), Integral | None):
                raise ValueError(f'{name} must be a whole number of pixels, got {getattr(self, name)!r}')
        if not isinstance(self.every, Integral) or self.every < 1:
            raise ValueError(f'every must be a whole number of frames, at least 1, got {self.every!r}')
        if self.max_pixels < 1:
            raise ValueError(f'max_pixels must be at least 1, got {self.max_pixels}')
        if self.image_scale is not None and self.image_scale < MIN_SIDE:
            raise ValueError(f'image_scale must be at least {MIN_SIDE} pixels, got {self.image_scale}')
        if not isinstance(self.overlap, Real | None):
            raise ValueError(f'overlap must be a fraction of a tile, from 0 to below 1, got {self.overlap!r}')
        if not isinstance(self.score_thr, Real):
            raise TypeError(f'the score threshold must be a number in 0-1, got {self.score_thr!r}')
        if not 0 <= self.score_thr <= 1:
            percent = f'; {self.score_thr:g} % is {self.score_thr / 100:g}' if 1 < self.score_thr <= 100 else ''
            raise ValueError(f'the score threshold must be in 0-1, got {self.score_thr}{percent}')


def refuse_unknown(given: Iterable[str], known: Collection[str]) -> None:
    """Refuse keywords that a call does not have.

    Args:
        given: Keywords.
        known: Those that the call has.

    Raises:
        TypeError: If one is unknown; says which is meant.
    """
    for name in given:
        if name not in known:
            near = [OTHERS[name]] if name in OTHERS else get_close_matches(name, known, 1)
            meant = f'; did you mean {near[0]}?' if near else f': {", ".join(known)}'
            raise TypeError(f'a search has no argument {name}{meant}')
