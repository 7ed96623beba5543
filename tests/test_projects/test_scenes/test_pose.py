import numpy as np
import pytest

from projects.scenes.pose import draw_pose, fit_pose, project

CORNERS = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], float)


def test_a_pose_without_variation_mirrors_at_most():
    poses = [draw_pose(np.random.default_rng(seed), 0, 1, 0, 0) for seed in range(9)]
    assert {pose[0, 0] for pose in poses} == {-1, 1}
    for pose in poses:
        np.testing.assert_allclose(np.abs(pose), np.eye(3))


def test_a_pose_stays_in_its_ranges():
    for seed in range(20):
        pose = draw_pose(np.random.default_rng(seed), 30, 1.5, 0, 0.1)
        width, height = np.linalg.norm(pose[:2, :2], axis=0)
        assert 1 / 1.5 - 1e-9 <= width / height <= 1.5 + 1e-9
        assert abs(np.degrees(np.arctan2(-pose[0, 1], pose[1, 1]))) <= 30
        assert np.abs(pose[2, :2]).max() <= 0.1


def test_points_are_mapped_with_perspective():
    pose = np.array([[2, 0, 1], [0, 2, 0], [0.5, 0, 1]])
    np.testing.assert_allclose(project(pose, np.array([[[2.0, 1.0]]])), [[[2.5, 1.0]]])


@pytest.mark.parametrize('seed', range(5))
def test_a_fitted_pose_is_as_long_as_wanted_and_starts_at_the_margin(seed):
    pose = draw_pose(np.random.default_rng(seed), 180, 1.5, 0.2, 0.2)
    mapped = project(fit_pose(pose, CORNERS, 50, margin=4), CORNERS)
    np.testing.assert_allclose(mapped.min(0), 4)
    assert np.ptp(mapped, axis=0).max() == pytest.approx(50)
