"""What references tell of an image, and what that does to the scores of a view and to the result."""

from types import SimpleNamespace

import numpy as np
import pytest

from mmosis.search.boxed import BoxedObject
from mmosis.search.calibration import Calibration, SizeCalibration
from mmosis.search.known_objects import KnownObjects
from mmosis.search.views import ViewSettings
from mmosis.structures import FoundObjects

IMAGE = np.zeros((100, 200, 3), np.uint8)
BOXED = BoxedObject(0, (50, 10, 70, 30))
BANK = SimpleNamespace(
    sizes=lambda: [[((20, 20), (200, 100)), ((80, 20), (200, 100))], [(None, None)]], boxed_on=lambda _: [BOXED]
)
# Only references on the image change a score, and that by the size alone.
CALIBRATION = Calibration(boxed=SizeCalibration(slope=1, offset=0, weight=1))


def detect() -> FoundObjects:
    """Boxes of 20, 80 and 40 pixels a side in a view whose corner is at (40, 0), the last of the other category."""
    bboxes = np.array([(10, 10, 30, 30), (40, 10, 120, 90), (40, 10, 80, 50)], np.float32)
    return FoundObjects(bboxes=bboxes, scores=np.full(3, 0.5, np.float32), labels=np.array([0, 0, 1]))


def test_sizes_of_a_category_are_those_of_its_references() -> None:
    known = KnownObjects.of(IMAGE, BANK, ViewSettings())
    assert known.sizes == [[pytest.approx(20), pytest.approx(40)], []]
    assert known.mean_sizes == [pytest.approx(800**0.5), None]


@pytest.mark.parametrize(('shown', 'first'), [(True, 1.0), (False, 0.5)])
def test_scores_of_a_view(shown: bool, first: float) -> None:
    """The boxed object is certain, twice the largest size halves the odds, and without a size nothing is known."""
    rated = KnownObjects.of(IMAGE, BANK, ViewSettings(), shown).rate(detect(), (40, 0), CALIBRATION)
    assert rated.scores.tolist() == pytest.approx([first, 1 / 3, 0.5])


@pytest.mark.parametrize(('shown', 'num'), [(True, 1), (False, 0)])
def test_boxed_objects_that_were_not_found_are_added(shown: bool, num: int) -> None:
    nothing = detect()[np.zeros(3, bool)]
    complete = KnownObjects.of(IMAGE, BANK, ViewSettings(), shown).complete(nothing)
    assert complete.bboxes.tolist() == [list(BOXED.bbox)] * num
