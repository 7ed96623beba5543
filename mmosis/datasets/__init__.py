from mmosis.compat import prepare

prepare()

from .coco_file_dataset import CocoFileDataset
from .episode_mixture import EpisodeMixture
from .one_shot_coco import OneShotCocoDataset
from .reference_sampler import ImageRecord, ReferenceSampler, ShuffledReferenceSampler
from .samplers import EpisodeSampler
from .transforms import (
    CropReference,
    LoadImage,
    LoadReferenceMask,
    PackOneShotInputs,
    PackReference,
    ResizeReference,
)

__all__ = [
    'CocoFileDataset',
    'CropReference',
    'EpisodeMixture',
    'EpisodeSampler',
    'ImageRecord',
    'LoadImage',
    'LoadReferenceMask',
    'OneShotCocoDataset',
    'PackOneShotInputs',
    'PackReference',
    'ReferenceSampler',
    'ResizeReference',
    'ShuffledReferenceSampler',
]
