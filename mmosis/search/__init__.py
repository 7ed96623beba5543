"""Search by example: references, banks of them, the inferencers, and searches of many images.

``OneShotInferencer`` is a ``DetInferencer`` of mmdet, on torch; where mmdet is not installed, it is
:class:`LightInferencer`.
"""

from importlib.util import find_spec
from typing import Any

from mmosis.utils.lazy import lazy_names

from .exports.coco_export import describe_image, to_coco
from .folders.folder_search import SearchReport, search_array, search_images
from .image_result import ImageResult, ObjectResult
from .index.photo_index import IndexReport, PhotoIndex
from .options import SearchOptions
from .reference_bank import BankCategory, BankEntry, ReferenceBank
from .references import SearchReference, parse_references
from .runtimes import make_inferencer
from .search_result import SearchResult

__all__ = [
    'BankCategory',
    'BankEntry',
    'ImageResult',
    'IndexReport',
    'LightInferencer',
    'ObjectResult',
    'OneShotInferencer',
    'PhotoIndex',
    'ReferenceBank',
    'SearchOptions',
    'SearchReference',
    'SearchReport',
    'SearchResult',
    'describe_image',
    'make_inferencer',
    'parse_references',
    'search_array',
    'search_images',
    'to_coco',
]

_find = lazy_names(__name__, dict(OneShotInferencer='inferencer', LightInferencer='onnx.light_inferencer'))


def __getattr__(name: str) -> Any:
    return _find('LightInferencer' if name == 'OneShotInferencer' and find_spec('mmdet') is None else name)
