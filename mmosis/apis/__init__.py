"""What users call: whole workflows on top of the components, each imported when it is used."""

from typing import Any

import mmosis.search
from mmosis.utils.lazy import lazy_names

_SEARCH = ('OneShotInferencer', 'PhotoIndex', 'ReferenceBank', 'SearchReference')
_find = lazy_names(
    __name__,
    dict(
        CocoFolder='coco_folder',
        Gallery='gallery',
        IndexRecall='index_recall',
        SearchMeasure='search_measure',
        find_coco_folder='coco_folder',
        fit_scores='calibrate',
        measure_index_recall='index_recall',
        measure_masks='mask_quality',
        measure_proposals='proposal_recall',
        measure_search='search_measure',
        random_baseline='random_boxes',
        resume_newest='training',
        run_finetune='finetune',
        run_study='study',
        train='training',
        write_report='report',
    ),
)

__all__ = [
    'CocoFolder',
    'Gallery',
    'IndexRecall',
    'OneShotInferencer',
    'PhotoIndex',
    'ReferenceBank',
    'SearchMeasure',
    'SearchReference',
    'find_coco_folder',
    'fit_scores',
    'measure_index_recall',
    'measure_masks',
    'measure_proposals',
    'measure_search',
    'random_baseline',
    'resume_newest',
    'run_finetune',
    'run_study',
    'train',
    'write_report',
]


def __getattr__(name: str) -> Any:
    return getattr(mmosis.search, name) if name in _SEARCH else _find(name)
