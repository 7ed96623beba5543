"""Backgrounds: a gradient, a faint texture and blurred clutter."""

import colorsys

import cv2
import numpy as np

from .config import SceneConfig
from .surface import Surface
from .textures import draw_texture, paint

_OF_OBJECTS = ('rimmed', 'halved')


def draw_background(rng: np.random.Generator, config: SceneConfig) -> np.ndarray:
    """Draw a background.

    Returns:
        (h, w, 3) float32, RGB, 0 to 255.
    """
    side = config.image_size // 2
    image = _gradient(rng, side) + _texture(rng, side, config)[..., None]
    for _ in range(rng.integers(config.num_clutter[0], config.num_clutter[1] + 1)):
        _add_clutter(image, rng)
    blurred = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.6, 1.3))
    return cv2.resize(blurred, (config.image_size, config.image_size), interpolation=cv2.INTER_LINEAR)


def _draw_colour(rng: np.random.Generator) -> np.ndarray:
    """Draw any hue, seldom saturated."""
    hue, saturation, value = rng.uniform(0, 1), 0.7 * rng.uniform(0, 1) ** 1.5, rng.uniform(0.25, 0.95)
    return 255 * np.array(colorsys.hsv_to_rgb(hue, saturation, value), np.float32)


def _gradient(rng: np.random.Generator, side: int) -> np.ndarray:
    base = _draw_colour(rng)
    corners = base + rng.uniform(-45, 45, (2, 2, 3)).astype(np.float32)
    return cv2.resize(corners, (side, side), interpolation=cv2.INTER_LINEAR)


def _texture(rng: np.random.Generator, side: int, config: SceneConfig) -> np.ndarray:
    steps = np.linspace(-1, 1, side, dtype=np.float32)
    u, v = np.meshgrid(steps, steps)
    surface = Surface(u, v, np.ones_like(u), 2 / side)
    low, high = config.texture_frequency
    textures = [name for name in config.words.textures if name not in _OF_OBJECTS]
    blend = paint(str(rng.choice(textures)), surface, draw_texture(rng, (2 * low, 4 * high), config.texture_balance))
    return (blend - 0.5).astype(np.float32) * np.float32(rng.uniform(0, 255 * config.clutter_contrast))


def _add_clutter(image: np.ndarray, rng: np.random.Generator) -> None:
    """Blend a random polygon into the image."""
    side = image.shape[0]
    corners = rng.uniform(0, side, 2) + rng.normal(0, rng.uniform(0.05, 0.2) * side, (int(rng.integers(3, 7)), 2))
    hull = cv2.convexHull(corners.astype(np.float32)).astype(np.int32)
    low, high = np.clip(hull.min((0, 1)), 0, side), np.clip(hull.max((0, 1)) + 1, 0, side)
    if (high <= low).any():
        return
    mask = np.zeros((high - low)[::-1], np.uint8)
    cv2.fillConvexPoly(mask, hull - low.astype(np.int32), 1)
    region = image[low[1] : high[1], low[0] : high[0]]
    region += rng.uniform(0.3, 0.8) * mask[..., None] * (_draw_colour(rng) - region)
