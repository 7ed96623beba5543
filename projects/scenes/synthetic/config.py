"""SceneConfig: every number that sets the difficulty of the scenes."""

from dataclasses import dataclass

from projects.scenes.ranges import Range, check_scene_config

from .categories import VOCABULARIES, Vocabulary

_POSITIVE = ('size', 'small_size', 'texture_frequency')


@dataclass(frozen=True)
class SceneConfig:
    """Difficulty of the scenes; the defaults are those of the fixed test set.

    Lengths are fractions of the image side, angles degrees; ranges are (low, high).

    Attributes:
        vocabulary: What scenes are made of, 'fixed' (80 categories) or 'rich' (hundreds of others).
        image_size: Side of the square image in pixels.
        num_categories: Fewest and most categories in a scene, 1 to 8.
        num_objects: Fewest and most objects of these categories, at least one of each; objects without room are
            dropped.
        size: Longer side of an object; its logarithm is uniform.
        small_size: The same for very small objects.
        small_prob: Fraction of the objects that are very small.
        companion_prob: Probability that a further category has a cue of the first, instead of being any.
        shared_cue: Which cue is shared by a companion or a distractor: probabilities of (outline, texture, palette).
        num_distractors: Fewest and most objects of no category; each has one or two cues of a category present.
        close_distractor_prob: Fraction of the distractors with two such cues.
        crowd_prob: Probability of a group of small objects that is annotated as one crowd.
        crowd_objects: Fewest and most objects of a crowd.
        crowd_spread: Standard deviation of their places.
        min_visible: Least fraction of an object that stays visible.
        occluder_prob: Fraction of the objects that may cover others, down to their ``min_visible``.
        rotation: Largest rotation either way.
        aspect: Largest stretch of one axis against the other, as a factor.
        shear: Largest shear.
        perspective: Largest perspective foreshortening across the object, relative.
        texture_frequency: Periods of the texture per half object.
        texture_balance: Largest shift of the border between the two colours, 0 to 1.
        colour_jitter: Largest relative loss of saturation and of value of an object's colours.
        shading: Largest relative change of light across an object, and across the scene.
        bevel: Largest darkening towards the outline of an object, relative.
        tint: Largest relative gain of one colour channel of the scene.
        clutter_contrast: Contrast of the background's texture, 0 to 1.
        num_clutter: Fewest and most blurred patches in the background.
        noise: Largest standard deviation of the pixel noise, 0 to 255.
        blur: Largest standard deviation of the blur of the scene in pixels.

    Raises:
        ValueError: If a number is out of its range.
    """

    vocabulary: str = 'fixed'
    image_size: int = 192
    num_categories: tuple[int, int] = (2, 4)
    num_objects: tuple[int, int] = (3, 9)
    size: Range = (0.15, 0.42)
    small_size: Range = (0.06, 0.12)
    small_prob: float = 0.05
    companion_prob: float = 0.75
    shared_cue: tuple[float, float, float] = (0.25, 0.25, 0.5)
    num_distractors: tuple[int, int] = (1, 4)
    close_distractor_prob: float = 0.5
    crowd_prob: float = 0.05
    crowd_objects: tuple[int, int] = (6, 12)
    crowd_spread: float = 0.09
    min_visible: float = 0.45
    occluder_prob: float = 0.35
    rotation: float = 30.0
    aspect: float = 1.25
    shear: float = 0.15
    perspective: float = 0.12
    texture_frequency: Range = (1.5, 2.5)
    texture_balance: float = 0.35
    colour_jitter: float = 0.25
    shading: float = 0.25
    bevel: float = 0.45
    tint: float = 0.08
    clutter_contrast: float = 0.35
    num_clutter: tuple[int, int] = (4, 10)
    noise: float = 6.0
    blur: float = 0.6

    def __post_init__(self) -> None:
        check_scene_config(self, above_zero=_POSITIVE, no_ranges=('shared_cue',))
        _check_probabilities('shared_cue', self.shared_cue)
        if self.vocabulary not in VOCABULARIES:
            raise ValueError(f'vocabulary must be one of {", ".join(VOCABULARIES)}, got {self.vocabulary!r}')
        if not 1 <= self.num_categories[0] <= self.num_categories[1] <= 8:
            raise ValueError(f'num_categories must lie between 1 and 8, got {self.num_categories}')

    @property
    def words(self) -> Vocabulary:
        """The vocabulary itself."""
        return VOCABULARIES[self.vocabulary]


def _check_probabilities(name: str, value: tuple[float, float, float]) -> None:
    if len(value) != 3 or min(value) <= 0 or abs(sum(value) - 1) > 1e-6:
        raise ValueError(f'{name} must be three positive probabilities that add up to 1, got {value}')
