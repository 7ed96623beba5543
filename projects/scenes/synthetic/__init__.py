"""Scenes made from a seed, in COCO format: the data set that needs no download."""

from projects.scenes.coco_writer import Instance, Scene

from .categories import CATEGORIES, Appearance
from .config import SceneConfig
from .dataset import make_scenes
from .scene import make_scene

__all__ = ['CATEGORIES', 'Appearance', 'Instance', 'Scene', 'SceneConfig', 'make_scene', 'make_scenes']
