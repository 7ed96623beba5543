"""Error types of detections, after TIDE (arXiv 2008.08115)."""

import numpy as np

from mmosis.evaluation import Judgement, category_aps
from mmosis.evaluation.functional import IOU_THR

BACKGROUND_IOU = 0.1
TYPES = ('localisation', 'class', 'duplicate', 'background', 'both', 'missed')


def error_types(judgement: Judgement) -> dict[str, dict[str, float]]:
    """Count each type of error, and the AP50 that the model would gain without it.

    A wrong detection is, as TIDE asks in this order, of type

    * localisation: it overlaps an object of its category by 0.1 to 0.5;
    * class: an object of another category by 0.5 or more;
    * duplicate: an object of its category by 0.5 or more, which a better one has found;
    * background: nothing by more than 0.1;
    * both: none of these, so an object of another category by 0.1 to 0.5.

    An object is missed if no detection of its episode overlaps it by more than 0.1. TIDE would correct the category
    of a class error; here an episode asks for one category, so the detection is taken away. A localisation error
    becomes right where its object is still to be found, and is taken away where it is not, as in TIDE.

    Args:
        judgement: Of a run.

    Returns:
        dict: For each type ``count`` and ``gain``, the rise of mean AP50, 0-1.
    """
    types = _types(judgement)
    missed = judgement.num_objects - _count_near(judgement)
    everything = np.ones_like(judgement.correct)
    base = _mean_ap(judgement, judgement.correct, everything, judgement.num_objects)
    result = {}
    for name in TYPES[:-1]:
        of_type = types == name
        repaired = of_type & _first_of_free_object(judgement, of_type) if name == 'localisation' else ~everything
        gained = _mean_ap(judgement, judgement.correct | repaired, ~of_type | repaired, judgement.num_objects)
        result[name] = dict(count=int(of_type.sum()), gain=gained - base)
    gained = _mean_ap(judgement, judgement.correct, everything, judgement.num_objects - missed)
    return dict(result, missed=dict(count=int(missed.sum()), gain=gained - base))


def _types(judgement: Judgement) -> np.ndarray:
    """The type of each detection's error (D,); '' is none."""
    own, other = judgement.own_iou, judgement.other_iou
    return np.select(
        [
            judgement.correct,
            (own > BACKGROUND_IOU) & (own < IOU_THR),
            other >= IOU_THR,
            own >= IOU_THR,
            np.maximum(own, other) <= BACKGROUND_IOU,
        ],
        ['', 'localisation', 'class', 'duplicate', 'background'],
        'both',
    )


def _count_near(judgement: Judgement) -> np.ndarray:
    """Objects of each episode that a detection finds or comes near to (E,)."""
    near = judgement.correct | (judgement.own_iou > BACKGROUND_IOU)
    found = np.unique(np.stack([judgement.episode[near], judgement.own[near]]), axis=1)
    return np.bincount(found[0], minlength=len(judgement.episodes))


def _first_of_free_object(judgement: Judgement, of_type: np.ndarray) -> np.ndarray:
    """The best detection of those of a type (D,) for each object that no detection finds."""
    found = set(
        zip(judgement.episode[judgement.correct].tolist(), judgement.own[judgement.correct].tolist(), strict=True)
    )
    first = np.zeros_like(of_type)
    rows = np.flatnonzero(of_type)
    for row in rows[np.argsort(-judgement.scores[rows], kind='stable')]:
        key = (int(judgement.episode[row]), int(judgement.own[row]))
        if key not in found:
            found.add(key)
            first[row] = True
    return first


def _mean_ap(judgement: Judgement, correct: np.ndarray, kept: np.ndarray, num_objects: np.ndarray) -> float:
    """Mean over the categories of AP50."""
    aps = list(category_aps(judgement, correct, kept, num_objects).values())
    return float(np.nanmean(aps)) if not np.isnan(aps).all() else float('nan')
