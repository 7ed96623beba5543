"""Scenes composed of cut-outs of one's own photographs and images with alpha, in COCO format."""

from mmosis.compat import prepare

prepare()

from .config import ComposeConfig
from .dataset import compose_scenes
from .source import Source

__all__ = ['ComposeConfig', 'Source', 'compose_scenes']
