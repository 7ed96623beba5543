"""Sprites: one object drawn in its own small patch."""

import cv2
import numpy as np

from projects.scenes.canvas import Sprite
from projects.scenes.pose import draw_pose, fit_pose, project

from .categories import Appearance
from .config import SceneConfig
from .outlines import Contours, draw_outline
from .palettes import draw_colours
from .surface import Surface
from .textures import draw_texture, paint

_SUPERSAMPLING = 2
_FIXED_POINT_BITS = 4


def draw_sprite(appearance: Appearance, size: float, rng: np.random.Generator, config: SceneConfig) -> Sprite:
    """Draw one object: its outline in a random pose, its texture, colours and light.

    Args:
        appearance: The cues to show.
        size: Longer side of the object's box in pixels.
        rng: Source of the variation.
        config: How much of it.
    """
    outline = draw_outline(appearance.outline, rng)
    pose = draw_pose(rng, config.rotation, config.aspect, config.shear, config.perspective)
    pose = fit_pose(pose, outline[0], size)
    contours = [project(pose, contour) for contour in outline]
    border = contours[0].max(0)
    width, height = np.ceil(border).astype(int) + 1
    alpha = _fill(contours, (width, height))
    surface = _locate_pixels(alpha, pose, size)
    blend = paint(appearance.texture, surface, draw_texture(rng, config.texture_frequency, config.texture_balance))
    first, second = draw_colours(appearance.palette, rng, config.colour_jitter)
    colour = first + blend[..., None] * (second - first)
    return Sprite(colour * _light(alpha, size, rng, config)[..., None], alpha)


def _fill(contours: Contours, patch_size: tuple[int, int]) -> np.ndarray:
    """Rasterise contours, without holes, to (h, w) coverage 0 to 1."""
    fine = np.zeros((patch_size[1] * _SUPERSAMPLING, patch_size[0] * _SUPERSAMPLING), np.uint8)
    scale = _SUPERSAMPLING * 2**_FIXED_POINT_BITS
    fixed = [np.round((contour + 0.5) * scale - scale / 4).astype(np.int32) for contour in contours]
    cv2.fillPoly(fine, fixed, 255, lineType=cv2.LINE_8, shift=_FIXED_POINT_BITS)
    return cv2.resize(fine, patch_size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def _locate_pixels(alpha: np.ndarray, pose: np.ndarray, size: float) -> Surface:
    height, width = alpha.shape
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1)
    place = project(np.linalg.inv(pose), grid.astype(float)).astype(np.float32)
    depth = cv2.distanceTransform((alpha >= 0.5).astype(np.uint8), cv2.DIST_L2, 3)
    return Surface(place[..., 0], place[..., 1], depth * (2 / size), 2 / size)


def _light(alpha: np.ndarray, size: float, rng: np.random.Generator, config: SceneConfig) -> np.ndarray:
    """Light from one side, darker towards the border, as on a cushion: (h, w) factors around 1."""
    height, width = alpha.shape
    slope = rng.uniform(-config.shading, config.shading, 2)
    rows, columns = np.linspace(-0.5, 0.5, height)[:, None], np.linspace(-0.5, 0.5, width)
    inside = cv2.GaussianBlur(alpha, (0, 0), max(0.06 * size, 0.8), borderType=cv2.BORDER_CONSTANT)
    return ((1 + slope[0] * rows + slope[1] * columns) * (1 - config.bevel * (1 - inside))).astype(np.float32)
