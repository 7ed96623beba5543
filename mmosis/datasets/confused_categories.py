"""ConfusedCategories: probabilities of absent categories, by how often a model confuses them with an image's."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

UNIFORM_FRACTION = 0.1  # of the samples, so that each category is searched for now and then


class ConfusedCategories:
    """Sample absent categories as hard negatives: those that a model confuses with the image's objects.

    The paper's model "is confused by similar objects" (section 7), which a random category seldom shows. Where
    the model finds objects of category c with an AP50 of M(a, c) for references of a, as the confusion matrix says
    (paper Fig. 7), a is sampled with a probability in proportion to the greatest M(a, c) of the c in the image; every
    tenth sample is uniform.

    Args:
        path: ``report.json`` of ``tools/analysis_tools/report.py``, whose test may be of the training images.
        names: Names of all categories, by label. Those that the report lacks are sampled uniformly only.

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

    def probabilities(self, absent: Sequence[int], present: Sequence[int]) -> np.ndarray | None:
        """Compute the probability of each absent category for an image.

        Args:
            absent: Labels to choose from.
            present: Labels that the image shows, at least one.

        Returns:
            np.ndarray: Probabilities (len(absent),), all above 0; None where nothing is confused.
        """
        if not absent:
            return None
        hardness = self._confusion[np.ix_(absent, present)].max(axis=1)
        if not hardness.any():
            return None
        return UNIFORM_FRACTION / len(absent) + (1 - UNIFORM_FRACTION) * hardness / hardness.sum()
