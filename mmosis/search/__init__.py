"""Search by example: references, banks of them, the inferencer, and searches of many images."""

from .coco_export import describe_image, to_coco
from .folder_search import SearchReport, SearchSettings, search_array, search_images
from .inferencer import OneShotInferencer
from .reference_bank import BankCategory, BankEntry, ReferenceBank
from .references import SearchReference, parse_references

__all__ = [
    'BankCategory',
    'BankEntry',
    'OneShotInferencer',
    'ReferenceBank',
    'SearchReference',
    'SearchReport',
    'SearchSettings',
    'describe_image',
    'parse_references',
    'search_array',
    'search_images',
    'to_coco',
]
