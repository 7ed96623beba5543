import pytest

from projects.scenes.omniglot import ClutterConfig


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(image_size=16), 'image_size must be at least 32 pixels, got 16'),
        (dict(size=(0.4, 0.2)), r'size must be \(low, high\)'),
        (dict(stroke=(0, 1)), 'stroke must be above 0'),
        (dict(num_instances=(0, 2)), 'num_instances must be above 0'),
        (dict(clutter_share=(0.5, 1)), 'clutter_share must be below 1'),
        (dict(colours='two'), "colours must be one of .*random.*one.*, got 'two'"),
        (dict(contrast=0.5), 'contrast must lie between 0 and 0.4, got 0.5'),
        (dict(min_visible=0), 'min_visible must be a fraction above 0, up to 1, got 0'),
    ],
)
def test_numbers_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        ClutterConfig(**settings)


def test_lists_from_a_config_file_are_taken():
    assert ClutterConfig(size=[0.1, 0.2]) == ClutterConfig(size=(0.1, 0.2))
