import pytest

from projects.scenes.ranges import check_range


@pytest.mark.parametrize('value', [(1,), (1, 2, 3), (2, 1), (-1, 1)])
def test_what_is_no_range_is_refused(value):
    with pytest.raises(ValueError, match=r'size must be \(low, high\) with 0 <= low <= high, got'):
        check_range('size', value)


def test_zero_is_refused_where_it_is_too_low():
    check_range('noise', (0, 0))
    with pytest.raises(ValueError, match=r'noise must be above 0, got \(0, 0\)'):
        check_range('noise', (0, 0), above_zero=True)
