"""Training, fine-tuning, studies and searches: what users call, each imported when it is used."""

from importlib.util import find_spec
from typing import Any

from mmosis.compat import prepare

if find_spec('mmdet') is not None:  # searches need none
    prepare()

import mmosis.search
from mmosis.utils.lazy import lazy_names

_SEARCH = ('OneShotInferencer', 'PhotoIndex', 'ReferenceBank', 'SearchReference')
_find = lazy_names(
    __name__,
    dict(
        CocoFolder='coco_folder',
        find_coco_folder='coco_folder',
        resume_newest='training',
        run_finetune='finetune',
        run_study='study',
        train='training',
    ),
)

__all__ = [
    'CocoFolder',
    'OneShotInferencer',
    'PhotoIndex',
    'ReferenceBank',
    'SearchReference',
    'find_coco_folder',
    'resume_newest',
    'run_finetune',
    'run_study',
    'train',
]


def __getattr__(name: str) -> Any:
    return getattr(mmosis.search, name) if name in _SEARCH else _find(name)
