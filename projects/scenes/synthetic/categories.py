"""Categories: combinations of an outline, a texture and a palette; which of them a vocabulary has."""

from dataclasses import dataclass

from mmosis.utils.rng import generator

from .noise_textures import NOISE_TEXTURES
from .outlines import OUTLINES
from .palettes import BLENDS, PALETTES
from .superformulas import SUPERFORMULAS
from .textures import TEXTURES

CATEGORY_OUTLINES = ('star', 'gear', 'heart', 'arrow', 'cross', 'crescent', 'leaf', 'bottle', 'mug', 'ring')
"""Outlines of the 80 categories. The other named ones in ``OUTLINES`` are worn by distractors only."""

CUES = ('outline', 'texture', 'palette')
NUM_RICH = 800

_PER_OUTLINE = 8


@dataclass(frozen=True)
class Appearance:
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

    def num_shared(self, other: 'Appearance') -> int:
        """Count the cues (0 to 3) that two appearances have in common."""
        return sum(getattr(self, cue) == getattr(other, cue) for cue in CUES)


@dataclass(frozen=True)
class Vocabulary:
    """What scenes are made of.

    Attributes:
        categories: Appearances of the categories, in the order of the annotation file, which splits count in.
        outlines: Outlines that anything in a scene may have.
        textures: The same of textures.
        palettes: The same of palettes.
        reserved: Appearances that nothing in a scene has.
    """

    categories: tuple[Appearance, ...]
    outlines: tuple[str, ...]
    textures: tuple[str, ...]
    palettes: tuple[str, ...]
    reserved: frozenset[Appearance] = frozenset()

    @property
    def cues(self) -> tuple[tuple[str, ...], ...]:
        """Outlines, textures and palettes."""
        return self.outlines, self.textures, self.palettes

    def is_free(self, appearance: Appearance) -> bool:
        """Whether a distractor may have this appearance."""
        return appearance not in self.categories and appearance not in self.reserved


def _latin_table(textures: tuple[str, ...], palettes: tuple[str, ...]) -> tuple[Appearance, ...]:
    """Lay the cues out so that two categories have one cue in common at most.

    Category ``8 o + j`` has outline o, texture o + j and palette o + p(j), modulo 10. p(j) and p(j) - j are each
    different for all j, so no pair of cues occurs twice. Every cue value occurs once per (cue, j): in eight categories,
    two of each split of the paper's rule (category number 4k + i), since a split is a pair of values of j.
    """
    return tuple(
        Appearance(outline, textures[(o + j) % len(textures)], palettes[(o + 2 * j + j // 5) % len(palettes)])
        for o, outline in enumerate(CATEGORY_OUTLINES)
        for j in range(_PER_OUTLINE)
    )


def _without(names: dict, others: dict) -> tuple[str, ...]:
    return tuple(name for name in names if name not in others)


def _fixed() -> Vocabulary:
    """The vocabulary of the fixed test set: 80 categories of named cues."""
    textures, palettes = _without(TEXTURES, NOISE_TEXTURES), _without(PALETTES, BLENDS)
    return Vocabulary(_latin_table(textures, palettes), _without(OUTLINES, SUPERFORMULAS), textures, palettes)


def _rich(reserved: tuple[Appearance, ...]) -> Vocabulary:
    """Hundreds of categories of all cues, none of them, and no distractor, one of the reserved appearances."""
    rng = generator(0, 'rich')
    appearances: dict[Appearance, None] = {}
    while len(appearances) < NUM_RICH:
        appearance = Appearance(*(str(rng.choice(list(values))) for values in (OUTLINES, TEXTURES, PALETTES)))
        if appearance not in reserved:
            appearances[appearance] = None
    return Vocabulary(tuple(appearances), tuple(OUTLINES), tuple(TEXTURES), tuple(PALETTES), frozenset(reserved))


CATEGORIES = _fixed().categories
"""The 80 categories of the fixed test set."""

VOCABULARIES = {'fixed': _fixed(), 'rich': _rich(CATEGORIES)}
"""Name to vocabulary. Nothing in scenes of ``rich`` is of a category of ``fixed``: all 80 are new to what it trains."""

assert set(CATEGORY_OUTLINES) <= set(OUTLINES), 'a category outline has no drawing'
