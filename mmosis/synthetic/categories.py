"""The 80 categories: combinations of an outline, a texture and a palette."""

from dataclasses import dataclass

from .outlines import OUTLINES
from .palettes import PALETTES
from .textures import TEXTURES

CATEGORY_OUTLINES = ('star', 'gear', 'heart', 'arrow', 'cross', 'crescent', 'leaf', 'bottle', 'mug', 'ring')
"""Outlines of categories. The others in ``OUTLINES`` are worn by distractors only."""

CUES = ('outline', 'texture', 'palette')

_PER_OUTLINE = 8


@dataclass(frozen=True)
class Look:
    """The three cues that an object shows.

    Attributes:
        outline: A key of ``OUTLINES``.
        texture: A key of ``TEXTURES``.
        palette: A key of ``PALETTES``.
    """

    outline: str
    texture: str
    palette: str

    @property
    def name(self) -> str:
        """Readable name, e.g. ``striped red-white star``."""
        return f'{self.texture} {self.palette} {self.outline}'

    def num_shared(self, other: 'Look') -> int:
        """Count the cues (0 to 3) that two looks have in common."""
        return sum(getattr(self, cue) == getattr(other, cue) for cue in CUES)


def _latin_table() -> tuple[Look, ...]:
    """Lay the cues out so that two categories share one cue at most.

    Category ``8 o + j`` has outline o, texture o + j and palette o + p(j), modulo 10. p(j) and p(j) - j are each
    different for all j, so no pair of cues occurs twice. Every cue value occurs once per (cue, j): in eight categories,
    two of each split of the paper's rule (category number 4k + i), since a split is a pair of values of j.
    """
    textures, palettes = tuple(TEXTURES), tuple(PALETTES)
    return tuple(
        Look(outline, textures[(o + j) % len(textures)], palettes[(o + 2 * j + j // 5) % len(palettes)])
        for o, outline in enumerate(CATEGORY_OUTLINES)
        for j in range(_PER_OUTLINE)
    )


CATEGORIES = _latin_table()
"""The categories in the order of the annotation file, which is the order that splits count in."""

assert set(CATEGORY_OUTLINES) <= set(OUTLINES), 'a category outline has no drawing'
