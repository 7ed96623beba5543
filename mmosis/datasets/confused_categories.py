"""ConfusedCategories: which absent category is the hardest to search an image for."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

UNIFORM_SHARE = 0.1  # of the draws, so that no category is never searched for


class ConfusedCategories:
    """Draw absent categories whose references a model takes the image's objects for: hard negatives.

    The paper's model "is confused by similar objects" (section 7), which a category drawn at random seldom shows. Where
    the model finds objects of category c with an AP50 of M(a, c) for references of a, as the confusion matrix says
    (paper Fig. 7), a is drawn with a probability in proportion to the greatest M(a, c) of the c in the image; every
    tenth draw is uniform.

    Args:
        path: ``report.json`` of ``tools/analysis_tools/report.py``, whose test may be of the training images.
        names: Names of all categories, by label. Those that the report lacks are drawn uniformly only.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it holds no confusion matrix, or one of none of these categories.
    """

    def __init__(self, path: str | Path, names: Sequence[str]) -> None:
        if not Path(path).is_file():
            raise FileNotFoundError(
                f'there is no report {path}; tools/analysis_tools/report.py makes it from a dump of tools/test.py'
            )
        try:
            confusion = json.loads(Path(path).read_text(encoding='utf-8'))['confusion']
            rows, columns, matrix = confusion['rows'], confusion['columns'], np.array(confusion['matrix'], dtype=float)
            found = matrix.reshape(len(rows), len(columns))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f'{path} must be the report.json of tools/analysis_tools/report.py, with its confusion matrix; got '
                f'{type(error).__name__}: {error}'
            ) from error
        self._confusion = np.zeros((len(names), len(names)))
        known = [[(i, names.index(name)) for i, name in enumerate(side) if name in names] for side in (rows, columns)]
        if not all(known):
            raise ValueError(
                f'{path} reports on none of these categories: {", ".join(names)}; it has {", ".join(rows)}'
            )
        for i, row in known[0]:
            for j, column in known[1]:
                self._confusion[row, column] = found[i, j]

    def shares(self, absent: Sequence[int], present: Sequence[int]) -> np.ndarray | None:
        """Say how often each absent category is to be drawn for an image.

        Args:
            absent: Labels that may be drawn.
            present: Labels that the image shows, at least one.

        Returns:
            np.ndarray: Probabilities (len(absent),), all above 0; None where nothing is confused: any is as good.
        """
        if not absent:
            return None
        hardness = self._confusion[np.ix_(absent, present)].max(axis=1)
        if not hardness.any():
            return None
        return UNIFORM_SHARE / len(absent) + (1 - UNIFORM_SHARE) * hardness / hardness.sum()
