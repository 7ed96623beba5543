"""Absent categories that are hard for an image, by what a model confuses."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mmosis.datasets.confused_categories import ConfusedCategories

NAMES = ['bicycle', 'car', 'motorcycle', 'bus', 'truck']
BICYCLE, CAR, MOTORCYCLE, BUS, TRUCK = range(5)


@pytest.fixture
def write_report(tmp_path: Path) -> Callable:
    def write(**confusion) -> Path:
        path = tmp_path / 'report.json'
        path.write_text(json.dumps(dict(errors={}, confusion=confusion)))
        return path

    return write


@pytest.fixture
def report(write_report: Callable) -> Path:
    """References of a truck find cars, those of a motorcycle bicycles and, less so, cars."""
    matrix = [[30, 0, 60.0], [20, 40, 0], [0, 50, 5]]
    return write_report(rows=['truck', 'motorcycle', 'car'], columns=['car', 'bicycle', 'truck'], matrix=matrix)


def test_probabilities_follow_the_greatest_confusion_with_what_is_shown(report: Path) -> None:
    confused = ConfusedCategories(report, NAMES)
    probs = confused.probabilities([MOTORCYCLE, BUS, TRUCK], [BICYCLE, CAR])
    np.testing.assert_allclose(probs, np.array([0.1, 0.1, 0.1]) / 3 + 0.9 * np.array([40, 0, 30]) / 70)
    np.testing.assert_allclose(confused.probabilities([MOTORCYCLE, TRUCK], [CAR]), [0.05 + 0.36, 0.05 + 0.54])


@pytest.mark.parametrize(('absent', 'present'), [([BUS], [CAR]), ([], [CAR]), ([BICYCLE], [TRUCK])])
def test_where_nothing_is_confused_any_is_as_good(report: Path, absent: list, present: list) -> None:
    assert ConfusedCategories(report, NAMES).probabilities(absent, present) is None


def test_the_data_set_searches_rather_for_what_is_confused(tiny_dataset: Callable, report: Path) -> None:
    plain = tiny_dataset(absent_prob=1.0)
    harder = tiny_dataset(absent_prob=1.0, confusion=str(report))
    # Image 7 shows bicycles and a car; motorcycles and trucks are absent, motorcycles as hard as 40 to 30.
    of_plain, of_harder = (
        Counter(e.cat_id for info, (e,) in map(d.draw_episodes, range(900)) if info['img_id'] == 7)
        for d in (plain, harder)
    )
    assert set(of_plain) == set(of_harder) == {40, 80}
    assert of_plain[40] / of_plain.total() == pytest.approx(0.5, abs=0.12)
    assert of_harder[40] / of_harder.total() == pytest.approx(0.05 + 0.9 * 4 / 7, abs=0.12)
    assert [harder.draw_episodes(d)[1] for d in range(20)] == [harder.draw_episodes(d)[1] for d in range(20)]


def test_so_does_a_second_episode_of_an_image(tiny_dataset: Callable, write_report: Callable) -> None:
    path = write_report(rows=['truck', 'motorcycle'], columns=['car'], matrix=[[1.0], [0.0]])
    dataset = tiny_dataset(num_episodes=3, confusion=str(path))
    third = Counter(e[2].cat_id for info, e in map(dataset.draw_episodes, range(300)) if info['img_id'] == 7)
    assert third[80] / third.total() == pytest.approx(0.95, abs=0.1)  # a truck, which finds cars


def test_present_categories_are_drawn_as_ever(tiny_dataset: Callable, tiny_coco: Callable, report: Path) -> None:
    root = tiny_coco()
    plain, harder = tiny_dataset(root), tiny_dataset(root, confusion=str(report))
    assert [plain.draw_episodes(d)[1] for d in range(30)] == [harder.draw_episodes(d)[1] for d in range(30)]


def test_a_report_that_is_not_there_is_refused(tiny_dataset: Callable, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'there is no report .*none.json; tools/analysis_tools/report.py'):
        tiny_dataset(confusion=str(tmp_path / 'none.json'))


@pytest.mark.parametrize(
    'text',
    ['{', '[]', '{"errors": {}}', '{"confusion": {"rows": ["car"], "columns": ["car"], "matrix": [[1, 2]]}}'],
)
def test_a_file_that_is_no_report_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / 'report.json'
    path.write_text(text)
    with pytest.raises(ValueError, match=r'report.json must be the report.json of tools/analysis_tools/report.py'):
        ConfusedCategories(path, NAMES)


def test_a_report_of_other_categories_is_refused(write_report: Callable) -> None:
    path = write_report(rows=['cat'], columns=['car'], matrix=[[1]])
    with pytest.raises(ValueError, match=r'reports on none of these categories: bicycle, car, .*; it has cat'):
        ConfusedCategories(path, NAMES)
