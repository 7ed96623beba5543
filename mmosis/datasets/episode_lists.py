"""The test episodes of an image: sampled by a seed, or replayed from a file."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from mmosis.structures import Episode, EpisodeRecord, load_episodes
from mmosis.utils.rng import generator

from .reference_sampler import ReferenceSampler


@dataclass(frozen=True, eq=False)
class DrawnEpisodes:
    """Every active category of an image, and some that it does not show, in every run with fresh references.

    Args:
        sampler: Draws the references.
        cat_ids: Category ids by label.
        active: Labels that may be asked for.
        runs: Runs with fresh references.
        num_absent: Categories an image that it does not show; references of an image are functions of (seed, image id,
            category id, run), those categories of (seed, image id).
        seed: Seed of all draws.
    """

    sampler: ReferenceSampler
    cat_ids: Sequence[int]
    active: set[int]
    runs: int
    num_absent: int
    seed: int

    def has(self, data_info: dict) -> bool:
        """Whether the image has episodes: if it shows an active category."""
        return bool(present_labels(data_info, self.active))

    def list_episodes(self, data_info: dict) -> list[Episode]:
        """List the episodes of an image: category by category, each with its runs."""
        img_id = data_info['img_id']
        present = present_labels(data_info, self.active)
        absent = absent_labels(data_info, self.active, self.cat_ids)
        rng = generator(self.seed, 'absent', img_id)
        if absent:
            absent = sorted(rng.choice(absent, min(self.num_absent, len(absent)), replace=False).tolist())
        episodes = []
        for label in [*present, *absent]:
            cat_id = self.cat_ids[label]
            for run in range(self.runs):
                rng = generator(self.seed, 'test', img_id, cat_id, run)
                references = self.sampler.draw(label, img_id, rng, run)
                episodes.append(Episode(label, cat_id, references, run, label in absent))
        return episodes


class ReplayedEpisodes:
    """The episodes of a file, exactly.

    Args:
        path: The file, as ``tools/test.py`` writes it.
        sampler: Knows the instances; all that are no crowds.
        labels: Label of each category id of the annotation file.
        img_ids: All images of the annotation file.

    Attributes:
        info: The file's header: how they were sampled.
        active: Labels that are asked for.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it asks for an image, a category or a reference that the annotations do not have.
    """

    def __init__(
        self, path: str, sampler: ReferenceSampler, labels: Mapping[int, int], img_ids: Collection[int]
    ) -> None:
        self._episodes: dict[int, list[Episode]] = defaultdict(list)
        self.info, records = load_episodes(path)
        for record in records:
            if record.image_id not in img_ids or record.category_id not in labels:
                raise ValueError(
                    f'{path} asks for category {record.category_id} in image {record.image_id}, and the annotation '
                    'file does not have both; give the file that the episodes were made from'
                )
            self._episodes[record.image_id].append(_resolve(record, labels[record.category_id], sampler, path))
        self.active = {episode.label for episodes in self._episodes.values() for episode in episodes}

    def has(self, data_info: dict) -> bool:
        """Whether the image has episodes."""
        return data_info['img_id'] in self._episodes

    def list_episodes(self, data_info: dict) -> list[Episode]:
        """List the episodes of an image, in the order in which they are drawn: category by category."""
        return sorted(self._episodes[data_info['img_id']], key=lambda e: (e.absent, e.label, e.run))


def _resolve(record: EpisodeRecord, label: int, sampler: ReferenceSampler, path: str) -> Episode:
    """Find the references of an episode."""
    references = []
    for ann_id in record.reference_ids:
        reference = sampler.find(label, ann_id)
        if reference is None:
            raise ValueError(
                f'{path} takes annotation {ann_id} as a reference of category {record.category_id} for image '
                f'{record.image_id}, and the annotation file has none such that can serve; give the file that the '
                'episodes were made from'
            )
        references.append(reference)
    return Episode(label, record.category_id, tuple(references), record.run, record.absent)


def present_labels(data_info: dict, active: set[int]) -> list[int]:
    """List the active categories with at least one instance that is no crowd, ascending."""
    return sorted({i['bbox_label'] for i in data_info['instances'] if not i['ignore_flag']} & active)


def absent_labels(data_info: dict, active: set[int], cat_ids: Sequence[int]) -> list[int]:
    """List the active categories that an image does not show, ascending.

    A crowd or a degenerate box shows its category too. Where the file has known negatives (LVIS), only they count.
    """
    negative = data_info['neg_category_ids']
    return [
        label
        for label in sorted(active)
        if cat_ids[label] not in data_info['shown_category_ids'] and (negative is None or cat_ids[label] in negative)
    ]
