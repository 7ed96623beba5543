"""What makes mmosis run on both OpenMMLab families: version check, stand-in for ops, checkpoints read as data."""

from .preparation import prepare

__all__ = ['prepare']
