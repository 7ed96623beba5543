"""ComposeConfig: every number that sets how scenes are composed."""

from dataclasses import dataclass

from projects.scenes.ranges import Range, check_scene_config

_POSITIVE = ('num_kinds', 'num_instances', 'num_many', 'size', 'small_size', 'ground_crop', 'jpeg')
_FACTORS = ('size_jitter', 'max_enlarged', 'aspect', 'gain', 'gamma')


@dataclass(frozen=True)
class ComposeConfig:
    """How scenes are composed.

    Lengths are fractions of the image side, angles degrees; ranges are (low, high).

    Attributes:
        image_size: Side of the square image in pixels.
        ground_crop: Side of the piece of a photograph that is the background, as a fraction of its shorter side.
        num_kinds: Fewest and most main categories of a scene, which take turns.
        num_instances: Fewest and most instances of a main category, few more often; instances without room are dropped.
        many_prob: Fraction of the scenes with many small instances of one category.
        num_many: How many.
        num_similar: Fewest and most cut-outs of other categories that are similar to a main category.
        num_nearest: So many categories count as similar to a category.
        num_others: Fewest and most cut-outs of any other category.
        size: Longer side of an object; its logarithm is uniform, one draw a category and scene.
        small_size: The same where there are many.
        size_jitter: Largest factor between an object and its category's size in the scene.
        max_enlarged: Largest factor between an object and its cut-out's pixels.
        min_visible: Least fraction of an object that stays visible.
        min_side: Objects of the background that are smaller, in pixels, are annotated as crowd.
        occluder_prob: Fraction of the objects that may cover others, down to their ``min_visible``.
        rotation: Largest rotation either way.
        turned_prob: Fraction of the objects that are turned by any angle.
        aspect: Largest stretch of one axis against the other, as a factor.
        shear: Largest shear.
        perspective: Largest perspective foreshortening across the object, relative.
        gain: Largest factor on an object's brightness, either way.
        gamma: Largest exponent of an object's tone curve, or its inverse.
        hue: Largest turn of an object's hue.
        saturation: Largest relative change of an object's saturation.
        shading: Largest relative change of light across an object, and across the scene.
        softness: Largest standard deviation of the blur of an object's border in pixels.
        shadow_prob: Fraction of the objects that cast a soft shadow.
        shadow: Fraction of the light that a shadow takes.
        tint: Largest relative gain of one colour channel of the scene.
        blur: Largest standard deviation of the blur of the scene in pixels.
        noise: Largest standard deviation of the pixel noise, 0 to 255.
        jpeg: Quality that the scene was compressed with once, 1 to 100.

    Raises:
        ValueError: If a number is out of its range.
    """

    image_size: int = 384
    ground_crop: Range = (0.6, 1.0)
    num_kinds: tuple[int, int] = (1, 3)
    num_instances: tuple[int, int] = (1, 6)
    many_prob: float = 0.12
    num_many: tuple[int, int] = (8, 16)
    num_similar: tuple[int, int] = (0, 4)
    num_nearest: int = 8
    num_others: tuple[int, int] = (0, 3)
    size: Range = (0.08, 0.6)
    small_size: Range = (0.06, 0.14)
    size_jitter: float = 1.35
    max_enlarged: float = 1.5
    min_visible: float = 0.5
    min_side: int = 8
    occluder_prob: float = 0.6
    rotation: float = 20.0
    turned_prob: float = 0.12
    aspect: float = 1.15
    shear: float = 0.08
    perspective: float = 0.12
    gain: float = 1.35
    gamma: float = 1.25
    hue: float = 8.0
    saturation: float = 0.25
    shading: float = 0.3
    softness: float = 1.2
    shadow_prob: float = 0.35
    shadow: Range = (0.1, 0.45)
    tint: float = 0.08
    blur: float = 0.9
    noise: float = 7.0
    jpeg: tuple[int, int] = (55, 98)

    def __post_init__(self) -> None:
        check_scene_config(self, above_zero=_POSITIVE)
        for name in _FACTORS:
            if getattr(self, name) < 1:
                raise ValueError(f'{name} must be a factor of at least 1, got {getattr(self, name)}')
        if self.ground_crop[1] > 1:
            raise ValueError(f'ground_crop must be a fraction up to 1, got {self.ground_crop}')
        if not 0 < self.min_visible <= 1:
            raise ValueError(f'min_visible must be a fraction above 0, up to 1, got {self.min_visible}')
