import pytest

from projects.scenes.synthetic import SceneConfig


def test_fields_can_come_from_a_config_file():
    config = SceneConfig(**dict(image_size=96, num_objects=[2, 4]))
    assert config.num_objects == (2, 4)
    assert hash(config)


@pytest.mark.parametrize(
    ('field', 'value', 'message'),
    [
        ('image_size', 16, 'image_size must be at least 32 pixels, got 16'),
        ('crowd_prob', 1.5, 'crowd_prob must be a probability, 0 to 1, got 1.5'),
        ('num_objects', (5, 2), r'num_objects must be \(low, high\) with 0 <= low <= high, got'),
        ('size', (0.0, 0.4), r'size must be above 0, got'),
        ('num_categories', (0, 2), r'num_categories must lie between 1 and 8, got \(0, 2\)'),
        ('num_categories', (2, 9), r'num_categories must lie between 1 and 8, got \(2, 9\)'),
        ('vocabulary', 'poor', "vocabulary must be one of fixed, rich, got 'poor'"),
        ('shared_cue', (0.5, 0.5, 0.5), r'shared_cue must be three positive probabilities that add up to 1'),
    ],
)
def test_a_number_out_of_range_is_refused(field, value, message):
    with pytest.raises(ValueError, match=message):
        SceneConfig(**{field: value})
