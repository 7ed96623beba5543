"""In which views an image is searched: plans with known answers."""

import re

import pytest

from mmosis.search.options import SearchOptions
from mmosis.search.views import Plan, ViewSettings, describe_plans, plan_unknown, plan_views

SETTINGS = ViewSettings(
    sides=(448, 1152),
    object_size=64,
    min_object_size=32,
    max_enlargement=4.0,
    unknown_sides=(512, 1024),
    tile_side=768,
    max_tiles=100,
)
IMAGE = (600, 800)  # h, w
WHOLE = ((0, 0, 800, 600),)
GIVEN = dict(sides=(448, 1152), unknown_sides=(512,), object_size=64)


class TestSettings:
    def test_a_config_says_them(self) -> None:
        search = dict(GIVEN, max_tiles=7, calibration=dict(slope=2), region_size=32)
        assert ViewSettings.from_config(search, SearchOptions()) == ViewSettings(
            (448, 1152), 64, unknown_sides=(512,), max_tiles=7
        )
        assert ViewSettings.from_config({}, SearchOptions()) == ViewSettings()

    @pytest.mark.parametrize(
        ('search', 'message'),
        [
            (dict(GIVEN, sides=(16, 512)), r'search\.sides must be at least 32 pixels each, got (16, 512)'),
            (dict(GIVEN, unknown_sides=(8,)), r'search.unknown_sides must be at least 32 pixels each, got (8,)'),
            (
                dict(object_size=64),
                'search.object_size needs search.sides, the smallest and the largest longer side, and ',
            ),
            (dict(GIVEN, unknown_sides=()), 'and search.unknown_sides, got (448, 1152) and ()'),
            (dict(GIVEN, max_enlargement=0), 'search.max_enlargement must be above 0, got 0'),
            (dict(GIVEN, max_tiles=0), 'search.max_tiles must be at least 1, got 0'),
            (dict(GIVEN, tile_side=16), 'a tile must have at least 32 px a side, got 16'),
            (dict(GIVEN, overlap=1.0), 'overlap must be a fraction of the tile, from 0 to below 1'),
            (dict(scales=(512, 896)), 'search.scales is no setting any more: images are brought to any scale'),
        ],
    )
    def test_numbers_out_of_range_are_refused(self, search: dict, message: str) -> None:
        with pytest.raises(ValueError, match=re.escape(message.replace('\\', ''))):
            ViewSettings.from_config(search, SearchOptions())

    @pytest.mark.parametrize(
        ('given', 'message'),
        [
            (dict(image_scale=8), 'image_scale must be at least 32 pixels, got 8'),
            (dict(tile=8), 'a tile must have at least 32 px a side, got 8'),
            (dict(tile=64, overlap=0.99), 'leave a pixel to the next tile of 64 px, got 0.99'),
        ],
    )
    def test_what_the_user_gives_is_checked(self, given: dict, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            ViewSettings.from_config(GIVEN, SearchOptions(**given))


class TestWhole:
    @pytest.mark.parametrize(
        ('size', 'side'),
        [(64, 800), (80, 640), (82, 640), (100, 512), (60, 864), (200, 448), (700, 448), (44.4, 1152), (23, 1152)],
    )
    def test_the_object_has_the_size_that_the_model_likes(self, size: float, side: int) -> None:
        assert plan_views(size, IMAGE, SETTINGS) == Plan(WHOLE, side)

    def test_small_images_are_not_enlarged_beyond_the_bound(self) -> None:
        assert plan_views(3, (100, 200), SETTINGS) == Plan(((0, 0, 200, 100),), 800)
        assert plan_views(50, (30, 60), SETTINGS) == Plan(((0, 0, 60, 30),), 256)

    def test_one_limit_or_none(self) -> None:
        limit = ViewSettings.from_config(dict(max_image_scale=512), SearchOptions())
        assert plan_unknown(IMAGE, limit) == (plan_views(10, IMAGE, limit),) == (Plan(WHOLE, 512),)
        assert plan_views(None, (30, 200), limit).side == 200
        assert plan_views(10, IMAGE, ViewSettings()) == Plan(WHOLE, None)

    def test_image_scale_overrules(self) -> None:
        settings = ViewSettings.from_config(GIVEN, SearchOptions(image_scale=1001))
        for plan in (plan_views(5, IMAGE, settings), plan_views(500, IMAGE, settings), *plan_unknown(IMAGE, settings)):
            assert plan == Plan(WHOLE, 1001)


class TestTiles:
    def test_they_show_objects_that_a_whole_image_would_show_too_small(self) -> None:
        """Objects of 20 pixels have 64 in tiles of 240, which share 60 or more: 5 columns and 3 rows."""
        plan = plan_views(20, IMAGE, SETTINGS)
        assert plan.side == 768
        assert {(x2 - x1, y2 - y1) for x1, y1, x2, y2 in plan.tiles} == {(240, 240)}
        assert sorted({tile[0] for tile in plan.tiles}) == [0, 140, 280, 420, 560]
        assert sorted({tile[1] for tile in plan.tiles}) == [0, 180, 360]
        assert (len(plan.tiles), plan.wanted) == (15, None)

    def test_too_many_become_larger(self) -> None:
        """An image of 24 megapixels has 260 tiles of 432; of 650 it has 96."""
        plan = plan_views(36, (4000, 6000), SETTINGS)
        assert plan.describe() == dict(views=96, tile=650, side=768, wanted=432)

    def test_where_larger_ones_show_no_more_than_the_whole(self) -> None:
        few = ViewSettings(**{**vars(SETTINGS), 'max_tiles': 1})
        assert plan_views(20, IMAGE, few) == Plan(WHOLE, 1152, 240)

    def test_a_picture_that_fits_in_one_is_whole(self) -> None:
        assert plan_views(2, (100, 190), SETTINGS) == Plan(((0, 0, 190, 100),), 768)

    def test_tile_overrules(self) -> None:
        settings = ViewSettings.from_config(vars(SETTINGS) | dict(tile=None), SearchOptions(tile=400, overlap=0))
        corners = [(0, 0), (400, 0), (0, 200), (400, 200)]
        assert plan_views(50, IMAGE, settings) == Plan(tuple((x, y, x + 400, y + 400) for x, y in corners), 512)
        assert plan_views(5, IMAGE, settings).side == 1152
        assert [plan.side for plan in plan_unknown(IMAGE, settings)] == [512, 1024]
        assert all(len(plan.tiles) == 4 for plan in plan_unknown(IMAGE, settings))
        both = ViewSettings.from_config(vars(SETTINGS) | dict(tile=None), SearchOptions(image_scale=320, tile=400))
        assert (plan_views(5, IMAGE, both).side, len(plan_views(5, IMAGE, both).tiles)) == (320, 6)


class TestUnknown:
    def test_all_sides_that_the_bound_leaves_apart(self) -> None:
        assert [plan.side for plan in plan_unknown(IMAGE, SETTINGS)] == [512, 1024]
        assert [plan.side for plan in plan_unknown((90, 100), SETTINGS)] == [400]


@pytest.mark.parametrize(
    ('plans', 'text'),
    [
        ([Plan(WHOLE, None)], ''),
        ([Plan(WHOLE, 640)], 'at 640 pixels'),
        ([Plan(WHOLE, 640), Plan(WHOLE, 448)], 'at 448 to 640 pixels'),
        ([Plan(((0, 0, 99, 80),) * 12, 768)], 'in 12 tiles of 99 pixels'),
        (
            [Plan(WHOLE, 640), Plan(((0, 0, 99, 80),) * 12, 768), Plan(((0, 0, 80, 40),) * 4, 768, 70)],
            'at 640 pixels, in 4 to 12 tiles of 80 to 99 pixels, since the tiles of 70 that objects of this size ask '
            'for would be too many (--tile 70 takes them)',
        ),
    ],
)
def test_they_are_told_in_a_line(plans: list[Plan], text: str) -> None:
    assert describe_plans(plan.describe() for plan in plans) == text
