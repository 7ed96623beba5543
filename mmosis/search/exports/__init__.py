"""What was found, in the formats of label tools and trainers."""

from mmosis.utils.format_names import FORMATS

from .export_formats import write_export
from .object_crops import write_crops
from .outlines import simplify

__all__ = ['FORMATS', 'simplify', 'write_crops', 'write_export']
