"""Pre-training without a leak; it needs mmpretrain (extra ``pretrain``), so nothing imports it but its config."""

try:
    import mmpretrain  # noqa: F401
except ModuleNotFoundError as error:
    raise ImportError(
        f"pre-training needs {error.name}, which is not installed: pip install 'mmosis[pretrain]'"
    ) from error

from .leak_free_imagenet import LeakFreeImageNet

__all__ = ['LeakFreeImageNet']
