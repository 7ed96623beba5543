"""Keywords of a search's call: one that is misspelt, or another library's, is refused with ours."""

from collections.abc import Collection, Iterable
from difflib import get_close_matches

OTHERS = dict.fromkeys(
    ('conf', 'confidence', 'min_score', 'score', 'score_thr', 'score_threshold', 'thr', 'threshold'), 'pred_score_thr'
) | dict(batch='batch_size', output='out_dir', output_dir='out_dir', save='out_dir', save_dir='out_dir')


def refuse_unknown(given: Iterable[str], known: Collection[str]) -> None:
    """Refuse keywords that a call does not have.

    Args:
        given: Keywords.
        known: Those that the call has.

    Raises:
        TypeError: If one is unknown; says which is meant.
    """
    for name in given:
        if name not in known:
            near = [OTHERS[name]] if name in OTHERS else get_close_matches(name, known, 1)
            meant = f'; did you mean {near[0]}?' if near else f': {", ".join(known)}'
            raise TypeError(f'a search has no argument {name}{meant}')
