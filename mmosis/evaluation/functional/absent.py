"""What a detector finds where there is nothing to find."""

from collections.abc import Sequence

import numpy as np

from mmosis.evaluation.detections import Detections
from mmosis.structures import EpisodeRecord
from mmosis.utils.share_of import share_of

from .judgement import Judgement

RECALLS = (0.3, 0.5, 0.7)


def false_positives_at_recall(judgement: Judgement, recalls: Sequence[float] = RECALLS) -> dict[str, float]:
    """Count false positives an image, with one score threshold for all categories.

    The threshold is the highest at which so large a share of all objects is found at IoU 0.5.

    Args:
        judgement: Of a run with and without the category in the image.
        recalls: Shares of the objects, 0-1.

    Returns:
        dict: ``FP@0.5`` and ``FP_absent@0.5``: false positives an image in all episodes, and in those for absent
        categories alone; nan where the recall is not reached.
    """
    order = np.argsort(-judgement.scores, kind='stable')
    scores, correct = judgement.scores[order], judgement.correct[order]
    absent = np.array([episode.absent for episode in judgement.episodes])[judgement.episode[order]]
    num_images = len({episode.image_id for episode in judgement.episodes})
    num_objects = judgement.num_objects.sum()
    figures = {}
    for recall in recalls:
        reached = np.flatnonzero(correct.cumsum() >= share_of(recall, num_objects)) if num_objects else ()
        # All detections of one score pass the threshold together.
        passed = scores >= scores[reached[0]] if len(reached) else None
        for name, wrong in ((f'FP@{recall}', ~correct), (f'FP_absent@{recall}', ~correct & absent)):
            figures[name] = float('nan') if passed is None else float((wrong & passed).sum() / num_images)
    return figures


def silent_share(episodes: Sequence[EpisodeRecord], runs: Sequence[Detections], score_thr: float) -> float:
    """Share of the searches for absent categories that give nothing, 0-1; nan without such a search.

    Args:
        episodes: What was searched for, in all runs.
        runs: The detections of each run.
        score_thr: What scores less is not given, 0-1.
    """
    loud = set()
    for number, run in enumerate(runs):
        given = run[run.scores >= score_thr]
        loud |= {(number, *pair) for pair in zip(given.image_ids.tolist(), given.category_ids.tolist(), strict=True)}
    silent = [(e.run, e.image_id, e.category_id) not in loud for e in episodes if e.absent]
    return float(np.mean(silent)) if silent else float('nan')
