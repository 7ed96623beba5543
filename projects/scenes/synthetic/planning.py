"""What a scene holds, before anything is drawn: which objects, how large, where they may stand."""

from dataclasses import dataclass, replace

import numpy as np

from projects.scenes.canvas import Placement
from projects.scenes.ranges import draw_integer

from .categories import CUES, Appearance
from .config import SceneConfig

_PLACES = 20


@dataclass(frozen=True)
class Planned(Placement):
    """One object to draw; its ``category`` is an index in the vocabulary's ``categories``, None for a distractor.

    Attributes:
        appearance: Its cues.
        size: Longer side in pixels.
        rng: Source of all that is left to draw: proportions, pose, texture, colours, light.
    """

    appearance: Appearance
    size: float
    rng: np.random.Generator


def plan_scene(rng: np.random.Generator, config: SceneConfig) -> list[Planned]:
    """Plan a scene.

    Everything random about the objects is drawn here, or hangs on their own generators, so that no draw depends on
    rendered pixels.

    Returns:
        The objects in the order of drawing, later ones in front.
    """
    present = _draw_categories(rng, config)
    counted = present + list(rng.choice(present, max(draw_integer(rng, config.num_objects) - len(present), 0)))
    objects = [_plan(config.words.categories[category], int(category), rng, config) for category in counted]
    for _ in range(draw_integer(rng, config.num_distractors)):
        objects.append(_plan(_draw_distractor(present, rng, config), None, rng, config))
    order = rng.permutation(len(objects))
    return [objects[index] for index in order] + _plan_crowd(present, rng, config)


def _draw_categories(rng: np.random.Generator, config: SceneConfig) -> list[int]:
    """Draw the categories: a first one, then companions with a cue in common if there are any, or others."""
    categories = config.words.categories
    present = [int(rng.integers(len(categories)))]
    first = categories[present[0]]
    for _ in range(draw_integer(rng, config.num_categories) - 1):
        others = [category for category in range(len(categories)) if category not in present]
        if rng.random() < config.companion_prob:
            cue = rng.choice(CUES, p=config.shared_cue)
            others = [i for i in others if getattr(categories[i], cue) == getattr(first, cue)] or others
        present.append(int(rng.choice(others)))
    return present


def _draw_distractor(present: list[int], rng: np.random.Generator, config: SceneConfig) -> Appearance:
    """Change one or two cues of a category present.

    What comes out as a category, or as a reserved appearance, is sampled again.
    """
    words = config.words
    appearance = words.categories[int(rng.choice(present))]
    num_kept = 2 if rng.random() < config.close_distractor_prob else 1
    kept = rng.choice(CUES, num_kept, replace=False, p=config.shared_cue)
    while True:
        drawn = Appearance(*(str(rng.choice(values)) for values in words.cues))
        changed = replace(drawn, **{cue: getattr(appearance, cue) for cue in kept})
        if changed.num_shared(appearance) == num_kept and words.is_free(changed):
            return changed


def _plan(appearance: Appearance, category: int | None, rng: np.random.Generator, config: SceneConfig) -> Planned:
    limits = config.small_size if rng.random() < config.small_prob else config.size
    size = config.image_size * np.exp(rng.uniform(*np.log(limits)))
    margin = 0.4 * size
    return Planned(
        appearance=appearance,
        category=category,
        crowd=False,
        size=size,
        places=rng.uniform(margin, config.image_size - margin, (_PLACES, 2)),
        may_occlude=rng.random() < config.occluder_prob,
        rng=rng.spawn(1)[0],
    )


def _plan_crowd(present: list[int], rng: np.random.Generator, config: SceneConfig) -> list[Planned]:
    """Plan a group of small objects of one category present, in few scenes."""
    if rng.random() >= config.crowd_prob:
        return []
    category, centre = int(rng.choice(present)), rng.uniform(0.2, 0.8, 2)
    return [
        Planned(
            appearance=config.words.categories[category],
            category=category,
            crowd=True,
            size=config.image_size * rng.uniform(*config.small_size),
            places=config.image_size * np.clip(rng.normal(centre, config.crowd_spread, (_PLACES, 2)), 0, 1),
            may_occlude=True,
            rng=rng.spawn(1)[0],
        )
        for _ in range(draw_integer(rng, config.crowd_objects))
    ]
