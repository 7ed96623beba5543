"""Examples that work at once: scenes that are drawn at the start, references from other scenes."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from mmosis.search import SearchReference
from mmosis.synthetic import Instance, SceneConfig, make_scene
from mmosis.synthetic import Scene as SyntheticScene

from .session import Scene, Session

SEED = 3
NUM_SCENES = 60  # to look for good examples in
KINDS = (('One kind', 1, 0), ('Two kinds', 2, 0), ('Not that', 1, 1))
MIN_AREA = 900  # pixels: references and first objects are easy to see


@dataclass(frozen=True, eq=False)
class Example:
    """A search that is ready.

    Attributes:
        title: What it shows.
        picture: Scene with the references, (h, w, 3) RGB.
        session: What the page has when it is chosen.
    """

    title: str
    picture: np.ndarray
    session: Session


def make_examples() -> list[Example]:
    """Make one example of each kind; a scene serves once."""
    scenes = [make_scene(SEED, number, SceneConfig()) for number in range(NUM_SCENES)]
    examples, used = [], set()
    for title, num_wanted, num_negative in KINDS:
        number, categories = next(
            (number, found) for number, found in _candidates(scenes, num_wanted + num_negative) if number not in used
        )
        used.add(number)
        references = [
            _refer(scenes, number, category, negative=row >= num_wanted) for row, category in enumerate(categories)
        ]
        examples.append(_example(title, scenes[number], references))
    return examples


def _candidates(scenes: list[SyntheticScene], num: int) -> Iterator[tuple[int, list[int]]]:
    """Scenes with enough categories that other scenes show too, the most frequent category first."""
    for number, scene in enumerate(scenes):
        shown = [each.category for each in scene.instances if _is_clear(each)]
        categories = sorted(set(shown), key=lambda category: -shown.count(category))[:num]
        elsewhere = all(_best(scenes, number, category) is not None for category in categories)
        if len(categories) == num and shown.count(categories[0]) > 2 and elsewhere:
            yield number, categories


def _best(scenes: list[SyntheticScene], besides: int, category: int) -> tuple[np.ndarray, Instance] | None:
    """The largest object of a category, in any other scene."""
    found = [
        (scene.image, each)
        for number, scene in enumerate(scenes)
        for each in scene.instances
        if number != besides and each.category == category and _is_clear(each)
    ]
    return max(found, key=lambda pair: pair[1].mask.sum(), default=None)


def _is_clear(instance: Instance) -> bool:
    return not instance.crowd and instance.mask.sum() >= MIN_AREA


def _refer(scenes: list[SyntheticScene], besides: int, category: int, negative: bool) -> SearchReference:
    image, instance = _best(scenes, besides, category)
    x, y, width, height = cv2.boundingRect(instance.mask.astype(np.uint8))
    look = SceneConfig().words.categories[category]
    name = f'{look.texture} {look.outline}'
    return SearchReference(_bgr(image), (x, y, x + width, y + height), name=name, negative=negative)


def _example(title: str, scene: SyntheticScene, references: list[SearchReference]) -> Example:
    file_name = f'{title.lower().replace(" ", "_")}.png'
    session = Session(tuple(references), (Scene(file_name, _bgr(scene.image)),))
    crops = [cv2.resize(reference.load()[1], (96, 96), interpolation=cv2.INTER_AREA) for reference in references]
    picture = cv2.resize(scene.image, (192 * 2, 192 * 2), interpolation=cv2.INTER_LINEAR)
    picture[-96:, : 96 * len(crops)] = np.hstack(crops)
    return Example(title, picture, session)


def _bgr(image: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(image[..., ::-1])
