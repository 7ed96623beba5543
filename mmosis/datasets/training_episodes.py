"""TrainingEpisodes: samples the episodes of a training image."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mmosis.structures import Episode, Reference

from .confused_categories import ConfusedCategories
from .episode_lists import absent_labels, present_labels
from .reference_sampler import ReferenceSampler
from .transforms.formatting import OTHER


@dataclass(frozen=True, eq=False)
class TrainingEpisodes:
    """Sample categories and references for an image, and label the instances that match.

    Args:
        sampler: Draws the references.
        cat_ids: Category ids by label.
        active: Labels that may be asked for.
        absent_prob: Probability that the first category is one that the image does not show.
        num_episodes: Categories an image: the first, then others that it shows, then those that it does not.
        keep_others: Whether instances of the other active categories stay, labelled ``OTHER``.
        same_image_prob: Probability that a category's reference is an instance of the searched image, where that shows
            another one: as a box on the searched image is. The instance itself is ignored in the losses, else the
            network would learn to find that very object again, not the others.
        confused: Probabilities of absent categories by how hard they are for an image; by default they are uniform.
    """

    sampler: ReferenceSampler
    cat_ids: Sequence[int]
    active: set[int]
    absent_prob: float
    num_episodes: int
    keep_others: bool
    same_image_prob: float = 0.0
    confused: ConfusedCategories | None = None

    def draw(self, data_info: dict, rng: np.random.Generator) -> tuple[list[dict], list[Episode]]:
        """Draw the episodes of an image.

        Args:
            data_info: The image's.
            rng: Draws.

        Returns:
            tuple: The instances that training needs, labelled by the number of their episode; the ``num_episodes``
            episodes.
        """
        absent = absent_labels(data_info, self.active, self.cat_ids)
        episodes = [
            Episode(
                label,
                self.cat_ids[label],
                self._draw_references(label, data_info['img_id'], rng),
                absent=label in absent,
            )
            for label in self._draw_labels(data_info, absent, rng)
        ]
        return self._instances(data_info['instances'], episodes), episodes

    def _draw_labels(self, data_info: dict, absent: list[int], rng: np.random.Generator) -> Iterator[int]:
        """Draw the categories to search for, one after the other."""
        present = present_labels(data_info, self.active)
        probs = None if self.confused is None else self.confused.probabilities(absent, present)
        # Without absent categories no number is drawn for them, so that the other draws stay as they are.
        if self.absent_prob > 0 and rng.random() < self.absent_prob and absent:
            first = int(rng.choice(absent, p=probs))
        else:
            first = int(rng.choice(present))
        yield first
        if self.num_episodes > 1:
            others = rng.permutation(present).tolist()
            if probs is None:
                others += rng.permutation(absent).tolist()
            else:
                others += rng.choice(absent, len(absent), replace=False, p=probs).tolist()
            yield from [label for label in others if label != first][: self.num_episodes - 1]

    def _draw_references(self, label: int, img_id: int | str, rng: np.random.Generator) -> tuple[Reference, ...]:
        """Draw the references of a category: in the image itself with the probability for it, else by the rule."""
        # Without references of the searched image no number is drawn for them.
        beside = None
        if self.same_image_prob > 0 and rng.random() < self.same_image_prob:
            beside = self.sampler.draw_beside(label, img_id, rng)
        return self.sampler.draw(label, img_id, rng) if beside is None else (beside,)

    def _instances(self, instances: list[dict], episodes: list[Episode]) -> list[dict]:
        """Label what matches by its episode's number and, if others are kept, other active instances as ``OTHER``.

        Where references of the searched image are drawn, an instance that is one is ignored.
        """
        numbers = dict.fromkeys(self.active, OTHER) if self.keep_others else {}
        numbers.update((episode.label, number) for number, episode in enumerate(episodes))
        kept = [dict(i, bbox_label=numbers[i['bbox_label']]) for i in instances if i['bbox_label'] in numbers]
        if not self.same_image_prob:
            return kept
        boxed = {reference.ann_id for episode in episodes for reference in episode.references}
        return [dict(i, ignore_flag=1) if i['ann_id'] in boxed else i for i in kept]
