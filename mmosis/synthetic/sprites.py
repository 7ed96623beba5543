"""Sprites: one object drawn in its own small patch."""

import cv2
import numpy as np

from mmosis.utils.canvas import Sprite

from .categories import Look
from .config import SceneConfig
from .outlines import Contours, draw_outline
from .palettes import draw_colours
from .surface import Surface
from .textures import draw_texture, paint

_SUPERSAMPLING = 2
_FIXED_POINT_BITS = 4


def draw_sprite(look: Look, size: float, rng: np.random.Generator, config: SceneConfig) -> Sprite:
    """Draw one object: its outline in a random pose, its texture, colours and light.

    Args:
        look: The cues to show.
        size: Longer side of the object's box in pixels.
        rng: Source of the variation.
        config: How much of it.
    """
    contours, pose = _fit(draw_outline(look.outline, rng), _draw_pose(rng, config), size)
    border = contours[0].max(0)
    width, height = np.ceil(border).astype(int) + 1
    alpha = _fill(contours, (width, height))
    surface = _locate_pixels(alpha, pose, size)
    share = paint(look.texture, surface, draw_texture(rng, config.texture_frequency, config.texture_balance))
    first, second = draw_colours(look.palette, rng, config.colour_jitter)
    colour = first + share[..., None] * (second - first)
    return Sprite(colour * _light(alpha, size, rng, config)[..., None], alpha)


def _draw_pose(rng: np.random.Generator, config: SceneConfig) -> np.ndarray:
    """Draw a homography from the object's frame: mirror, stretch, shear, rotate, tilt."""
    turn = np.radians(rng.uniform(-config.rotation, config.rotation))
    stretch = np.exp(rng.uniform(-0.5, 0.5) * np.log(config.aspect))
    mirror = rng.choice([-1, 1])
    shear = rng.uniform(-config.shear, config.shear)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    pose = np.eye(3)
    pose[:2, :2] = rotation @ [[mirror * stretch, shear], [0, 1 / stretch]]
    pose[2, :2] = rng.uniform(-config.perspective, config.perspective, 2)
    return pose


def _project(pose: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Map (..., 2) points by a homography."""
    mapped = points @ pose[:, :2].T + pose[:, 2]
    return mapped[..., :2] / mapped[..., 2:]


def _fit(contours: Contours, pose: np.ndarray, size: float) -> tuple[Contours, np.ndarray]:
    """Scale and shift a pose so that the border's box starts at one pixel and its longer side is ``size``.

    Returns:
        The contours in pixels of the patch, and the pose that maps to them.
    """
    border = _project(pose, contours[0])
    low, high = border.min(0), border.max(0)
    scale = size / (high - low).max()
    to_patch = np.array([[scale, 0, 1 - scale * low[0]], [0, scale, 1 - scale * low[1]], [0, 0, 1]])
    pose = to_patch @ pose
    return [_project(pose, contour) for contour in contours], pose


def _fill(contours: Contours, patch_size: tuple[int, int]) -> np.ndarray:
    """Rasterise contours, holes left out, to (h, w) coverage 0 to 1."""
    fine = np.zeros((patch_size[1] * _SUPERSAMPLING, patch_size[0] * _SUPERSAMPLING), np.uint8)
    scale = _SUPERSAMPLING * 2**_FIXED_POINT_BITS
    fixed = [np.round((contour + 0.5) * scale - scale / 4).astype(np.int32) for contour in contours]
    cv2.fillPoly(fine, fixed, 255, lineType=cv2.LINE_8, shift=_FIXED_POINT_BITS)
    return cv2.resize(fine, patch_size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def _locate_pixels(alpha: np.ndarray, pose: np.ndarray, size: float) -> Surface:
    height, width = alpha.shape
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1)
    place = _project(np.linalg.inv(pose), grid.astype(float)).astype(np.float32)
    depth = cv2.distanceTransform((alpha >= 0.5).astype(np.uint8), cv2.DIST_L2, 3)
    return Surface(place[..., 0], place[..., 1], depth * (2 / size), 2 / size)


def _light(alpha: np.ndarray, size: float, rng: np.random.Generator, config: SceneConfig) -> np.ndarray:
    """Light from one side, darker towards the border, as on a cushion: (h, w) factors around 1."""
    height, width = alpha.shape
    slope = rng.uniform(-config.shading, config.shading, 2)
    rows, columns = np.linspace(-0.5, 0.5, height)[:, None], np.linspace(-0.5, 0.5, width)
    inside = cv2.GaussianBlur(alpha, (0, 0), max(0.06 * size, 0.8), borderType=cv2.BORDER_CONSTANT)
    return ((1 + slope[0] * rows + slope[1] * columns) * (1 - config.bevel * (1 - inside))).astype(np.float32)
