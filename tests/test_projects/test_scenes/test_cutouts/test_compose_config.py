import pytest

from projects.scenes.cutouts import ComposeConfig


def test_lists_of_a_config_file_become_tuples():
    assert ComposeConfig(size=[0.1, 0.2]).size == (0.1, 0.2)


@pytest.mark.parametrize(
    ('wrong', 'message'),
    [
        (dict(size=(0.0, 0.5)), 'size must be above 0'),
        (dict(num_kinds=(3, 1)), r'num_kinds must be \(low, high\)'),
        (dict(shadow_prob=1.5), 'shadow_prob must be a probability, 0 to 1, got 1.5'),
        (dict(gamma=0.5), 'gamma must be a factor of at least 1, got 0.5'),
        (dict(image_size=16), 'image_size must be at least 32 pixels, got 16'),
        (dict(ground_crop=(0.5, 1.2)), 'ground_crop must be a fraction up to 1'),
        (dict(min_visible=0.0), 'min_visible must be a fraction above 0, up to 1, got 0.0'),
    ],
)
def test_numbers_out_of_their_range_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        ComposeConfig(**wrong)
