"""How much AP depends on the reference."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from mmosis.evaluation import Judgement
from mmosis.evaluation.functional import average_precision
from mmosis.structures import EpisodeRecord


class ReferenceEffect(NamedTuple):
    """AP of a reference in one image, beside that of other references.

    Attributes:
        episode: The episode with this reference.
        ap: Its AP50 in its image, 0-1.
        effect: That minus the mean of the same question with the other runs' references.
    """

    episode: EpisodeRecord
    ap: float
    effect: float


def category_spread(runs: Sequence[Mapping[int, float]]) -> dict[int, dict[str, float]]:
    """Spread of each category's AP over the runs, which differ in their references alone.

    Args:
        runs: AP by category id, of each run.

    Returns:
        dict: For each category id ``mean``, ``std`` (of the sample), ``min`` and ``max``, 0-1; the widest first.
    """
    spread = {}
    for cat_id in sorted(set.intersection(*(set(run) for run in runs))):
        values = np.array([run[cat_id] for run in runs])
        if not np.isnan(values).any():
            std = float(values.std(ddof=1)) if len(values) > 1 else 0.0
            spread[cat_id] = dict(mean=float(values.mean()), std=std, min=float(values.min()), max=float(values.max()))
    return dict(sorted(spread.items(), key=lambda item: -item[1]['std']))


def reference_effects(judgements: Sequence[Judgement]) -> list[ReferenceEffect]:
    """Compare the references of an image's category over the runs, best first.

    Args:
        judgements: Of each run.
    """
    questions: dict[tuple, list[tuple[EpisodeRecord, float]]] = defaultdict(list)
    for judgement in judgements:
        for episode, ap in _episode_aps(judgement):
            questions[episode.image_id, episode.category_id].append((episode, ap))
    effects = []
    for asked in questions.values():
        total = sum(ap for _, ap in asked)
        for episode, ap in asked if len(asked) > 1 else ():
            effects.append(ReferenceEffect(episode, ap, ap - (total - ap) / (len(asked) - 1)))
    return sorted(effects, key=lambda effect: (-effect.effect, effect.episode))


def _episode_aps(judgement: Judgement) -> list[tuple[EpisodeRecord, float]]:
    """AP50 of every episode alone that shows its category."""
    order = np.argsort(judgement.episode, kind='stable')
    parts = np.split(order, np.searchsorted(judgement.episode[order], np.arange(1, len(judgement.episodes))))
    return [
        (episode, average_precision(judgement.scores[rows], judgement.correct[rows], int(num)))
        for episode, rows, num in zip(judgement.episodes, parts, judgement.num_objects, strict=True)
        if num
    ]
