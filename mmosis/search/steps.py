"""Changes of a config's pipeline for searches: without loading, and at another scale."""

from collections.abc import Sequence

LOADING = ('LoadImage', 'LoadReferenceMask')


def without_loading(pipeline: Sequence[dict]) -> list[dict]:
    """The transforms after loading, which is done here, since images and references may be arrays."""
    return [step for step in pipeline if step['type'] not in LOADING]


def at_scale(step: dict, side: int, divisor: int) -> dict:
    """Change a transform so that images come out with this longer side."""
    if step['type'] == 'Resize':
        return dict(step, scale=(side, side))
    if step['type'] == 'Pad':
        return dict({key: value for key, value in step.items() if key != 'size'}, size_divisor=divisor)
    return step
