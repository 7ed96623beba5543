"""Sprites: one cut-out in another pose and another light."""

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from mmosis.utils.image import decode_image
from projects.scenes.canvas import Sprite
from projects.scenes.pose import draw_pose, fit_pose, project

from .config import ComposeConfig
from .planning import Planned

_TO_YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
_MARGIN = 4


def draw_sprite(planned: Planned, config: ComposeConfig) -> Sprite:
    """Draw one cut-out: pose, light, a soft border, and a shadow if it casts one."""
    rng = planned.rng
    pixels, alpha = _pose(_read(planned.cutout.file), planned.size, rng, config)
    sigma = rng.uniform(0, config.softness)
    if sigma > 0.3:  # less would not show
        alpha = cv2.GaussianBlur(alpha, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    sprite = Sprite(_light(pixels, rng, config), alpha)
    return _cast_shadow(sprite, planned.size, rng, config) if rng.random() < config.shadow_prob else sprite


@lru_cache(maxsize=64)
def _read(file: Path) -> np.ndarray:
    """Read a cut-out, (h, w, 4) uint8, RGB and alpha."""
    return cv2.cvtColor(decode_image(file.read_bytes(), str(file), 'unchanged'), cv2.COLOR_BGRA2RGBA)


def _pose(
    cutout: np.ndarray, size: float, rng: np.random.Generator, config: ComposeConfig
) -> tuple[np.ndarray, np.ndarray]:
    """Return the colours, uint8, and the alpha, float32 to 1, of a cut-out in a random pose."""
    rotation = 180.0 if rng.random() < config.turned_prob else config.rotation
    pose = draw_pose(rng, rotation, config.aspect, config.shear, config.perspective)
    if size < max(cutout.shape) / 2:  # bilinear sampling would leave pixels out
        factor = 1.2 * size / max(cutout.shape)
        cutout = cv2.resize(cutout, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    height, width = cutout.shape[:2]
    half = max(height, width) / 2
    to_frame = np.array([[1 / half, 0, -(width - 1) / 2 / half], [0, 1 / half, -(height - 1) / 2 / half], [0, 0, 1]])
    corners = project(to_frame, np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]]))
    pose = fit_pose(pose, corners, size, _MARGIN)
    patch = tuple(int(length) for length in np.ceil(project(pose, corners).max(0)) + _MARGIN + 1)
    # Colours go on beyond the crop, the object does not.
    pixels = cv2.warpPerspective(cutout[..., :3], pose @ to_frame, patch, borderMode=cv2.BORDER_REPLICATE)
    alpha = cv2.warpPerspective(cutout[..., 3], pose @ to_frame, patch, borderMode=cv2.BORDER_CONSTANT)
    return pixels, alpha.astype(np.float32) / 255


def _light(pixels: np.ndarray, rng: np.random.Generator, config: ComposeConfig) -> np.ndarray:
    """Change brightness, tone curve, hue and saturation, and light from one side: float32, 0 to 255."""
    gain, gamma = (np.exp(rng.uniform(-1, 1) * np.log(factor)) for factor in (config.gain, config.gamma))
    curve = 255 * gain * np.linspace(0, 1, 256) ** gamma
    toned = cv2.LUT(pixels, np.clip(curve, 0, 255).astype(np.uint8))
    turn = np.radians(rng.uniform(-config.hue, config.hue))
    chroma = 1 + rng.uniform(-config.saturation, config.saturation)
    turned = np.eye(3)
    turned[1:, 1:] = chroma * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = np.linalg.inv(_TO_YIQ) @ turned @ _TO_YIQ
    colour = cv2.transform(toned.astype(np.float32), matrix.astype(np.float32))
    slope = rng.uniform(-config.shading, config.shading, 2)
    rows, columns = (np.linspace(-0.5, 0.5, length, dtype=np.float32) for length in pixels.shape[:2])
    light = (1 + slope[0] * rows[:, None] + slope[1] * columns).astype(np.float32)
    return np.clip(colour * light[..., None], 0, 255)


def _cast_shadow(sprite: Sprite, size: float, rng: np.random.Generator, config: ComposeConfig) -> Sprite:
    """Add a soft shadow, a little beside the object."""
    sigma = size * rng.uniform(0.02, 0.06) + 0.5
    shift = size * rng.uniform(-0.08, 0.08, 2)
    pad = int(np.ceil(np.abs(shift).max() + 2 * sigma))
    colour = cv2.copyMakeBorder(sprite.colour, pad, pad, pad, pad, cv2.BORDER_CONSTANT)
    alpha = cv2.copyMakeBorder(sprite.alpha, pad, pad, pad, pad, cv2.BORDER_CONSTANT)
    move = np.float32([[1, 0, shift[0]], [0, 1, shift[1]]])
    shadow = cv2.GaussianBlur(cv2.warpAffine(alpha, move, alpha.shape[::-1]), (0, 0), sigma)
    return Sprite(colour, alpha, shadow * np.float32(rng.uniform(*config.shadow)))
