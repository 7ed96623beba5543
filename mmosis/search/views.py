"""Plan the views of an image: the whole at some scale, or tiles, so that the object has a good size."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from math import ceil, inf

from .options import MIN_SIDE, SearchOptions
from .tiling import MIN_TILE, Tile, count_tiles, plan_tiles

STEP = 32  # pixels: sides that are chosen are multiples of it, so that the network meets few shapes


@dataclass(frozen=True)
class ViewSettings:
    """Scales and tiles in which images are shown to the network; a config has them as ``search``.

    Sizes of objects are roots of the areas of their boxes.

    Attributes:
        sides: Smallest and largest longer side of a whole image, in pixels of the network's input; without them its
            pipeline settles that.
        object_size: At which the model finds things best, in pixels of the network's input; without it sizes do not
            matter, and images are shown at the largest side.
        min_object_size: An image whose objects would be smaller at the largest side is searched in tiles.
        max_enlargement: By how much an image is enlarged at most; None for no bound.
        unknown_sides: Longer sides at which an image is searched first where the object's size is not known.
        credible_score: What scores less then shows no size.
        tile_side: Side of a tile in pixels of the network's input.
        max_tiles: So many tiles an image at most; where the object's size asks for more, they are larger.
        overlap: What neighbouring tiles have in common at least, as a fraction of one.
        same_size: Images whose longer sides differ by this factor at most show a thing at the same size.
        max_fill: A box that takes more of its image than this (root of the ratio of the areas) is a crop, which
            shows no size.
        tile: Side of the tiles in pixels of the image, if it is given.

    Raises:
        ValueError: If a number is out of its range.
    """

    sides: tuple[int, int] | None = None
    object_size: float | None = None
    min_object_size: float = 0.0
    max_enlargement: float | None = 1.0
    unknown_sides: tuple[int, ...] = ()
    credible_score: float = 0.5
    tile_side: int = 768
    max_tiles: int = 1
    overlap: float = 0.25
    same_size: float = 1.25
    max_fill: float = 0.9
    tile: int | None = None

    def __post_init__(self) -> None:
        for name in ('sides', 'unknown_sides'):
            sides = getattr(self, name)
            object.__setattr__(self, name, sides and tuple(sorted(sides)))
            if sides and min(sides) < MIN_SIDE:
                raise ValueError(f'search.{name} must be at least {MIN_SIDE} pixels each, got {tuple(sides)}')
        if self.object_size and not (self.sides and len(self.sides) == 2 and self.unknown_sides):
            raise ValueError(
                'search.object_size needs search.sides, the smallest and the largest longer side, and '
                f'search.unknown_sides, got {self.sides} and {self.unknown_sides}'
            )
        if self.max_tiles < 1:
            raise ValueError(f'search.max_tiles must be at least 1, got {self.max_tiles}')
        if self.max_enlargement is not None and self.max_enlargement <= 0:
            raise ValueError(f'search.max_enlargement must be above 0, got {self.max_enlargement}')
        count_tiles((1, 1), self.tile_side if self.tile is None else self.tile, self.overlap)  # refuses them

    @classmethod
    def from_config(cls, search: Mapping, options: SearchOptions) -> 'ViewSettings':
        """Read a config's ``search``.

        Args:
            search: Its settings.
            options: The user's, which overrule it.

        Raises:
            ValueError: If a number is out of its range, or the settings are those of an earlier version.
        """
        if 'scales' in search:
            raise ValueError(
                'search.scales is no setting any more: images are brought to any scale between search.sides, e.g. '
                'sides=(448, 1152), unknown_sides=(512, 1024), object_size=64; export an exported model again'
            )
        given = dict(tile=options.tile)
        if options.overlap is not None:
            given['overlap'] = options.overlap
        if options.image_scale is not None:
            return cls((options.image_scale,) * 2, max_enlargement=None, **given)
        known = {field.name for field in fields(cls)} - {'tile'}
        settings = {key: value for key, value in search.items() if key in known}
        if 'max_image_scale' in search:
            settings['sides'] = (MIN_SIDE, search['max_image_scale'])
        return cls(**settings | given)


@dataclass(frozen=True)
class Plan:
    """The views of an image.

    Attributes:
        tiles: xyxy of each in the image, px; a single one is the whole image.
        side: Longer side of each in pixels of the network's input; None as the pipeline settles it.
        wanted: Side in pixels of the image of the tiles that the object's size asks for, where they would be too many.
    """

    tiles: tuple[Tile, ...]
    side: int | None
    wanted: int | None = None

    def describe(self) -> dict:
        """Plain values of it, for a record."""
        (x1, y1, x2, y2), *others = self.tiles
        tile = max(x2 - x1, y2 - y1) if others else None
        return dict(views=len(self.tiles), tile=tile, side=self.side, wanted=self.wanted)


def plan_views(size: float | None, img_shape: tuple[int, int], settings: ViewSettings) -> Plan:
    """Plan the views in which an object of a size is searched for.

    Args:
        size: Of the object, px of the image; None where it does not matter.
        img_shape: (h, w) of the image.
        settings: What the model likes, and what the user asks for.

    Returns:
        Plan: The whole image at the side at which the object comes nearest to ``object_size``; or tiles, where it would
        be smaller than ``min_object_size``.
    """
    height, width = img_shape
    longer = max(img_shape)
    if settings.tile is not None:
        side = _choose_side(size, min(settings.tile, longer), settings)
        return Plan(tuple(plan_tiles(img_shape, settings.tile, settings.overlap)), side)
    side = _choose_side(size, longer, settings)
    whole = Plan(((0, 0, width, height),), side)
    if size is None or not settings.object_size or size * side / longer >= settings.min_object_size:
        return whole
    enlargement = min(settings.object_size / size, settings.max_enlargement or inf)
    wanted = max(ceil(settings.tile_side / enlargement), MIN_TILE)  # shows the object at the size that the model likes
    if wanted >= longer:
        return whole
    # The smallest one from there up of which there are no more than max_tiles.
    tile = wanted + bisect_left(
        range(wanted, longer + 1),
        True,
        key=lambda tile: count_tiles(img_shape, tile, settings.overlap) <= settings.max_tiles,
    )
    refused = None if tile == wanted else wanted
    if settings.tile_side / tile <= side / longer:  # objects would be no larger
        return replace(whole, wanted=refused)
    return Plan(tuple(plan_tiles(img_shape, tile, settings.overlap)), settings.tile_side, refused)


def plan_unknown(img_shape: tuple[int, int], settings: ViewSettings) -> tuple[Plan, ...]:
    """Plan the views in which an object of unknown size is searched for first.

    Returns:
        tuple: One plan for each of ``unknown_sides``, as far as ``max_enlargement`` lets them differ; without
        ``object_size`` the only one there is.
    """
    if not settings.object_size:
        return (plan_views(None, img_shape, settings),)
    each = [replace(settings, object_size=None, sides=(side, side)) for side in settings.unknown_sides]
    return tuple(dict.fromkeys(plan_views(None, img_shape, at_side) for at_side in each))


def describe_plans(plans: Iterable[Mapping]) -> str:
    """Say in a few words how images were searched, e.g. 'in 12 tiles of 768 pixels'.

    Args:
        plans: As :meth:`Plan.describe` gives them, of one image or of many.

    Returns:
        str: To follow "searched"; empty where their own pipeline settled it.
    """
    plans = list(plans)
    tiled = [each for each in plans if each['views'] > 1]
    sides = [each['side'] for each in plans if each['views'] == 1 and each['side']]
    words = [f'at {_range(sides)} pixels'] if sides else []
    if tiled:
        counts, tiles = ([each[key] for each in tiled] for key in ('views', 'tile'))
        words.append(f'in {_range(counts)} tiles of {_range(tiles)} pixels')
    wanted = [each['wanted'] for each in plans if each['wanted']]
    if wanted:
        words.append(
            f'since the tiles of {_range(wanted)} that objects of this size ask for would be too many (--tile '
            f'{min(wanted)} takes them)'
        )
    return ', '.join(words)


def _choose_side(size: float | None, longer: int, settings: ViewSettings) -> int | None:
    """Choose the longer side, in pixels of the network's input, of what has this longer side in the image."""
    if settings.sides is None:
        return None
    limit = inf if settings.max_enlargement is None else settings.max_enlargement * longer
    low, high = settings.sides[0], settings.sides[-1]
    if size is None or not settings.object_size:
        return int(min(high, limit))
    side = min(max(longer * settings.object_size / size, low), high, limit)
    return max(STEP * round(side / STEP), STEP)


def _range(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f'{low}' if low == high else f'{low} to {high}'
