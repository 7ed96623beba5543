"""How large an object is in an image, and how what several scales give becomes one."""

import numpy as np
import pytest

from mmosis.search.scales import found_size, known_sizes, mean_size, merge_scales
from mmosis.search.views import ViewSettings
from mmosis.structures import FoundObjects, RLEMasks

SETTINGS = ViewSettings()
IMAGE = (600, 800)  # h, w
PICTURE = (800, 600)  # w, h


class TestKnownSize:
    def test_a_box_on_a_picture_of_the_size_of_the_image(self) -> None:
        assert known_sizes([((20, 80), PICTURE)], IMAGE, SETTINGS) == pytest.approx([40])
        assert known_sizes([((20, 80), (900, 500))], IMAGE, SETTINGS) == pytest.approx([40])

    @pytest.mark.parametrize(
        'reference',
        [
            (PICTURE, PICTURE),  # a crop that fills its picture
            ((780, 580), PICTURE),
            ((20, 80), (1600, 1200)),
            ((20, 80), (400, 300)),
            (None, None),
        ],
    )
    def test_others_tell_nothing(self, reference: tuple) -> None:
        assert known_sizes([reference], IMAGE, SETTINGS) == []
        assert mean_size([]) is None

    def test_several_give_their_geometric_mean(self) -> None:
        references = [((10, 10), PICTURE), ((90, 90), PICTURE), (None, None)]
        assert mean_size(known_sizes(references, IMAGE, SETTINGS)) == pytest.approx(30)


def detect(*rows: tuple[tuple, float, int]) -> FoundObjects:
    """Detections (box, score, label) with their boxes as masks."""
    masks = np.zeros((len(rows), 60, 60), bool)
    for mask, ((x1, y1, x2, y2), _, _) in zip(masks, rows, strict=True):
        mask[y1:y2, x1:x2] = True
    return FoundObjects(
        bboxes=np.array([box for box, _, _ in rows], np.float32).reshape(-1, 4),
        scores=np.array([score for _, score, _ in rows], np.float32),
        labels=np.array([label for _, _, label in rows], int),
        masks=RLEMasks.encode(masks),
    )


class TestFoundSize:
    def test_the_median_of_what_counts(self) -> None:
        """Of boxes of 10, 20, 40 and 50 pixels a side, the last scores too little beside the best."""
        rows = [((0, 0, side, side), score, 0) for side, score in ((10, 0.9), (20, 0.5), (40, 0.6), (50, 0.4))]
        assert found_size(detect(*rows), 0.3) == pytest.approx(20)
        assert found_size(detect(*rows), 0.8) == pytest.approx(10)
        assert found_size(detect(*rows[3:]), 0.3) == pytest.approx(50)

    def test_nothing_credible(self) -> None:
        assert found_size(detect(((0, 0, 9, 9), 0.2, 0)), 0.3) is None
        assert found_size(detect(((0, 0, 0, 9), 0.9, 0)), 0.3) is None
        assert found_size(detect(), 0.3) is None


class TestMerge:
    A, NEAR_A, B = (0, 0, 20, 20), (1, 0, 20, 20), (30, 30, 50, 50)

    def test_what_several_scales_find_stays_once(self) -> None:
        found = merge_scales([detect((self.A, 0.6, 0)), detect((self.NEAR_A, 0.9, 0), (self.B, 0.3, 0))], 0.5)
        assert found.bboxes.tolist() == [list(self.NEAR_A), list(self.B)]
        assert found.scores.tolist() == pytest.approx([0.9, 0.3])
        assert [int(mask.sum()) for mask in found.masks.numpy()] == [19 * 20, 20 * 20]
        assert set(found) == {'bboxes', 'scores', 'labels', 'masks'}

    def test_other_labels_and_what_one_scale_keeps_apart_stay(self) -> None:
        one = detect((self.A, 0.6, 0), (self.NEAR_A, 0.5, 0))
        other = detect((self.A, 0.9, 1))
        assert len(merge_scales([one, other], 0.5)) == 3

    def test_one_scale_is_left_as_it_is(self) -> None:
        result = detect((self.A, 0.5, 0), (self.B, 0.6, 0))
        assert merge_scales([result], 0.5) is result

    def test_nothing_at_a_scale(self) -> None:
        assert len(merge_scales([detect(), detect((self.A, 0.5, 0))], 0.5)) == 1
        assert len(merge_scales([detect(), detect()], 0.5)) == 0
