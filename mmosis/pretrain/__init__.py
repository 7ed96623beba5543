"""Pre-training without a leak; it needs mmpretrain (extra ``pretrain``), so nothing imports it but its config."""

from .leak_free_imagenet import LeakFreeImageNet

__all__ = ['LeakFreeImageNet']
