"""What references tell of an image, and what that does to the scores of a view and to the result."""

from types import SimpleNamespace

import numpy as np
import pytest

from mmosis.search.boxed_objects import BoxedObject
from mmosis.search.known_objects import KnownObjects, known_sizes, mean_size
from mmosis.search.score_calibration import Calibration, SizeCalibration
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


SHAPE, PICTURE = (600, 800), (800, 600)  # (h, w) of the image and (w, h) of the reference image


class TestKnownSize:
    def test_a_box_on_a_picture_of_the_size_of_the_image(self) -> None:
        assert known_sizes([((20, 80), PICTURE)], SHAPE, ViewSettings()) == pytest.approx([40])
        assert known_sizes([((20, 80), (900, 500))], SHAPE, ViewSettings()) == pytest.approx([40])

    @pytest.mark.parametrize(
        'reference',
        [
            (PICTURE, PICTURE),  # a crop that fills its image
            ((780, 580), PICTURE),
            ((20, 80), (1600, 1200)),
            ((20, 80), (400, 300)),
            (None, None),
        ],
    )
    def test_others_tell_nothing(self, reference: tuple) -> None:
        assert known_sizes([reference], SHAPE, ViewSettings()) == []
        assert mean_size([]) is None

    def test_several_give_their_geometric_mean(self) -> None:
        references = [((10, 10), PICTURE), ((90, 90), PICTURE), (None, None)]
        assert mean_size(known_sizes(references, SHAPE, ViewSettings())) == pytest.approx(30)
