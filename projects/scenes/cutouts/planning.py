"""What a scene holds, before anything is drawn: which cut-outs, how large, where they may stand."""

from dataclasses import dataclass

import numpy as np

from projects.scenes.canvas import Placement
from projects.scenes.ranges import draw_integer

from .catalogue import Catalogue
from .config import ComposeConfig
from .cutout_categories import Cutout

_PLACES = 20


@dataclass(frozen=True)
class Planned(Placement):
    """One cut-out to paste.

    Attributes:
        cutout: Which one.
        size: Longer side in pixels.
        rng: Source of all that is left to draw: pose, light, border, shadow.
    """

    cutout: Cutout
    size: float
    rng: np.random.Generator


def plan_scene(
    index: int, seed: int, rng: np.random.Generator, catalogue: Catalogue, config: ComposeConfig
) -> list[Planned]:
    """Plan a scene: its main categories, others that are similar, and any others.

    Args:
        index: Number of the scene, whose turn chooses the main categories.
        seed: Seed of the data set.
        rng: Source of all other draws.
        catalogue: What there is to show.
        config: How scenes are composed.

    Returns:
        The cut-outs in the order of pasting, later ones in front.
    """
    main = catalogue.take_turn(index, seed, config.num_kinds)
    many = rng.random() < config.many_prob
    planned, sizes = [], {}
    for number, category in enumerate(main):
        small = many and number == 0
        sizes[category] = _draw_size(rng, config.small_size if small else config.size)
        num = draw_integer(rng, config.num_many) if small else _few(rng, config.num_instances)
        planned += _plan(category, num, sizes[category], rng, catalogue, config)
    for _ in range(draw_integer(rng, config.num_similar)):
        category = int(rng.choice(main))
        similar = catalogue.draw_similar(category, config.num_nearest, rng)
        planned += _plan(similar, 1, sizes[category], rng, catalogue, config)
    for _ in range(draw_integer(rng, config.num_others)):
        planned += _plan(catalogue.draw_category(rng), 1, _draw_size(rng, config.size), rng, catalogue, config)
    return [planned[number] for number in rng.permutation(len(planned))]


def _few(rng: np.random.Generator, limits: tuple[int, int]) -> int:
    """Draw a number of a range, small ones more often."""
    return limits[0] + int((limits[1] - limits[0] + 1) * rng.random() ** 2)


def _draw_size(rng: np.random.Generator, limits: tuple[float, float]) -> float:
    return float(np.exp(rng.uniform(*np.log(limits))))


def _plan(
    category: int, num: int, size: float, rng: np.random.Generator, catalogue: Catalogue, config: ComposeConfig
) -> list[Planned]:
    """Plan instances of a category, of different cut-outs as far as there are."""
    cutouts = catalogue.categories[category].cutouts
    order = rng.permutation(len(cutouts))
    return [_plan_one(category, cutouts[order[i % len(order)]], size, rng, config) for i in range(num)]


def _plan_one(category: int, cutout: Cutout, size: float, rng: np.random.Generator, config: ComposeConfig) -> Planned:
    jitter = np.exp(rng.uniform(-1, 1) * np.log(config.size_jitter))
    wanted = min(size * jitter, config.size[1]) * config.image_size
    length = min(wanted, config.max_enlarged * max(cutout.size))
    margin = 0.4 * length
    return Planned(
        category=category,
        crowd=False,
        places=rng.uniform(margin, config.image_size - margin, (_PLACES, 2)),
        may_occlude=rng.random() < config.occluder_prob,
        cutout=cutout,
        size=length,
        rng=rng.spawn(1)[0],
    )
