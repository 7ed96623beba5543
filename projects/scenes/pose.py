"""Poses: homographies from an object's own frame, -1 to 1, to pixels."""

import numpy as np


def draw_pose(rng: np.random.Generator, rotation: float, aspect: float, shear: float, perspective: float) -> np.ndarray:
    """Draw a pose: mirror, stretch, shear, rotate, tilt.

    Args:
        rng: Source of the draws.
        rotation: Largest rotation either way in degrees.
        aspect: Largest stretch of one axis against the other, as a factor.
        shear: Largest shear.
        perspective: Largest perspective foreshortening across the object, relative.

    Returns:
        (3, 3).
    """
    turn = np.radians(rng.uniform(-rotation, rotation))
    stretch = np.exp(rng.uniform(-0.5, 0.5) * np.log(aspect))
    side = rng.choice([-1, 1])
    slant = rng.uniform(-shear, shear)
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    pose = np.eye(3)
    pose[:2, :2] = turned @ [[side * stretch, slant], [0, 1 / stretch]]
    pose[2, :2] = rng.uniform(-perspective, perspective, 2)
    return pose


def project(pose: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Map (..., 2) points by a homography."""
    mapped = points @ pose[:, :2].T + pose[:, 2]
    return mapped[..., :2] / mapped[..., 2:]


def fit_pose(pose: np.ndarray, border: np.ndarray, size: float, margin: float = 1.0) -> np.ndarray:
    """Scale and shift a pose, so that the box of what it maps is ``size`` long.

    Args:
        pose: (3, 3).
        border: (P, 2) points around the object, in its own frame.
        size: Longer side of the box in pixels.
        margin: Where the box starts, in pixels from the patch's corner.
    """
    mapped = project(pose, border)
    low, high = mapped.min(0), mapped.max(0)
    scale = size / (high - low).max()
    return np.array([[scale, 0, margin - scale * low[0]], [0, scale, margin - scale * low[1]], [0, 0, 1]]) @ pose
