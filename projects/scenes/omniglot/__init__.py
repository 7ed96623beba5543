"""Cluttered Omniglot in COCO format: scenes of handwritten characters, real data with many categories."""

from .characters import Character, read_characters
from .config import ClutterConfig
from .dataset import make_cluttered_omniglot
from .hold_out import hold_out_characters
from .scene import make_scene

__all__ = [
    'Character',
    'ClutterConfig',
    'hold_out_characters',
    'make_cluttered_omniglot',
    'make_scene',
    'read_characters',
]
