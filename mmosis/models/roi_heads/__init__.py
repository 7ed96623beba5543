from .binary_cascade_roi_head import BinaryCascadeRoIHead
from .binary_mixin import BinaryMixin
from .binary_roi_head import BinaryRoIHead
from .relation_roi_head import RelationRoIHead

__all__ = ['BinaryCascadeRoIHead', 'BinaryMixin', 'BinaryRoIHead', 'RelationRoIHead']
