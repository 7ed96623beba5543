from .binary_roi_head import BinaryRoIHead

__all__ = ['BinaryRoIHead']
