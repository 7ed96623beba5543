"""ClutterConfig: every number that sets the difficulty of the scenes."""

from dataclasses import dataclass

from projects.scenes.ranges import Range, check_scene_config

COLOURS = ('random', 'one')

_POSITIVE = ('num_categories', 'num_instances', 'size', 'stroke')


@dataclass(frozen=True)
class ClutterConfig:
    """Difficulty of the scenes.

    Lengths are fractions of the image side, angles degrees; ranges are (low, high).

    Attributes:
        image_size: Side of the square image in pixels.
        num_categories: Fewest and most categories in a scene.
        num_instances: Fewest and most instances of each; instances without room are dropped.
        num_clutter: Fewest and most pieces of strokes that are no character and are not annotated.
        clutter_share: Fraction of a drawing's ink that is in a piece of clutter, below 1.
        size: Longer side of a character; its logarithm is uniform.
        rotation: Largest rotation either way.
        aspect: Largest stretch of one axis against the other, as a factor.
        shear: Largest shear.
        stroke: Factor on the width of the drawn strokes: above 1 a thicker pen, below 1 a thinner one.
        min_stroke: Least width of a stroke in pixels of the image; thinner ones would leave gaps in their masks.
        min_visible: Least fraction of the strokes that stays visible.
        colours: Whether each character has a ``random`` colour, or all of a scene have ``one``.
        contrast: Least difference in luminance between a colour and the background, 0 to 0.4.
        noise: Largest standard deviation of the pixel noise, 0 to 255.
        blur: Largest standard deviation of the blur of the scene in pixels.

    Raises:
        ValueError: If a number is out of its range.
    """

    image_size: int = 160
    num_categories: tuple[int, int] = (3, 6)
    num_instances: tuple[int, int] = (1, 3)
    num_clutter: tuple[int, int] = (2, 8)
    clutter_share: Range = (0.2, 0.5)
    size: Range = (0.15, 0.40)
    rotation: float = 15.0
    aspect: float = 1.2
    shear: float = 0.2
    stroke: Range = (0.9, 1.4)
    min_stroke: float = 1.5
    min_visible: float = 0.7
    colours: str = 'random'
    contrast: float = 0.3
    noise: float = 6.0
    blur: float = 0.6

    def __post_init__(self) -> None:
        check_scene_config(self, above_zero=_POSITIVE)
        if self.clutter_share[1] >= 1:
            raise ValueError(f'clutter_share must be below 1: a piece is no character, got {self.clutter_share}')
        if self.colours not in COLOURS:
            raise ValueError(f'colours must be one of {COLOURS}, got {self.colours!r}')
        if not 0 <= self.contrast <= 0.4:
            raise ValueError(f'contrast must lie between 0 and 0.4, got {self.contrast}')
        if not 0 < self.min_visible <= 1:
            raise ValueError(f'min_visible must be a fraction above 0, up to 1, got {self.min_visible}')
