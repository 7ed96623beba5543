"""Pre-training without a leak; it needs mmpretrain (extra ``pretrain``), so nothing imports it but its config."""

try:
    from .leak_free_imagenet import LeakFreeImageNet
except ModuleNotFoundError as error:
    raise ImportError(
        f"pre-training needs {error.name}, which is not installed: pip install 'mmosis[pretrain]'"
    ) from error

__all__ = ['LeakFreeImageNet']
