"""At which scales an image is searched, and how what they give becomes one."""

import numpy as np
import pytest

from mmosis.search.scales import ScaleSettings, choose_scales, group_by_scale, known_size, merge_scales
from mmosis.structures import FoundObjects, RLEMasks

SETTINGS = ScaleSettings(scales=(768, 320, 512), object_size=64)
IMAGE = (600, 800)  # h, w
PICTURE = (800, 600)  # w, h


class TestSettings:
    def test_a_config_says_them(self) -> None:
        search = dict(scales=[512, 320], object_size=48, max_enlargement=2, calibration=dict(slope=2))
        assert ScaleSettings.from_config(search) == ScaleSettings((320, 512), 48, 2)

    def test_one_limit_or_none(self) -> None:
        limit = ScaleSettings.from_config(dict(max_image_scale=512))
        assert choose_scales(10, IMAGE, limit) == (512,)
        assert choose_scales(None, (30, 200), limit) == (200,)
        assert choose_scales(10, IMAGE, ScaleSettings.from_config({})) == (None,)

    def test_image_scale_overrules(self) -> None:
        settings = ScaleSettings.from_config(dict(scales=(320, 512), object_size=48), image_scale=1024)
        assert choose_scales(None, (64, 64), settings) == choose_scales(5, (64, 64), settings) == (1024,)

    @pytest.mark.parametrize(
        ('search', 'message'),
        [
            (dict(scales=(16, 512), object_size=64), r'scales must be at least 32 pixels each, got \(16, 512\)'),
            (dict(scales=(320, 512)), r'search\.scales needs search\.object_size'),
            (dict(scales=(320,), max_enlargement=0), r'max_enlargement must be above 0, got 0'),
        ],
    )
    def test_numbers_out_of_range_are_refused(self, search: dict, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            ScaleSettings.from_config(search)


class TestKnownSize:
    def test_a_box_on_a_picture_of_the_size_of_the_image(self) -> None:
        assert known_size([((20, 80), PICTURE)], IMAGE, SETTINGS) == pytest.approx(40)
        assert known_size([((20, 80), (900, 500))], IMAGE, SETTINGS) == pytest.approx(40)

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
        assert known_size([reference], IMAGE, SETTINGS) is None

    def test_several_give_their_geometric_mean(self) -> None:
        references = [((10, 10), PICTURE), ((90, 90), PICTURE), (None, None)]
        assert known_size(references, IMAGE, SETTINGS) == pytest.approx(30)


class TestChoice:
    @pytest.mark.parametrize(
        ('size', 'side'),
        [(100, 512), (64, 768), (5, 768), (160, 320), (500, 320), (125, 512), (127, 320)],
    )
    def test_the_object_comes_nearest_to_what_the_model_likes(self, size: float, side: int) -> None:
        """At 126.5 px an object is as far from 64 px at 320 as at 512."""
        assert choose_scales(size, IMAGE, SETTINGS) == (side,)

    def test_all_where_the_size_is_unknown(self) -> None:
        assert choose_scales(None, IMAGE, SETTINGS) == (320, 512, 768)

    def test_small_images_are_not_enlarged_beyond_the_bound(self) -> None:
        assert choose_scales(None, (100, 200), SETTINGS) == (200,)
        twice = ScaleSettings((320, 512, 768), 64, max_enlargement=2)
        assert choose_scales(None, (100, 200), twice) == (320, 400)
        assert choose_scales(10, (100, 200), twice) == (400,)

    def test_categories_of_one_scale_are_together(self) -> None:
        sizes = ((100, 100), None, (5, 5), (105, 105))
        groups = group_by_scale([[(size, PICTURE)] for size in sizes], IMAGE, SETTINGS)
        assert groups == {512: [0, 1, 3], 320: [1], 768: [1, 2]}


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
