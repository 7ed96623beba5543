from .coco_file_dataset import CocoFileDataset
from .one_shot_coco import OneShotCocoDataset
from .reference_sampler import ImageRecord, ReferenceSampler, ShuffledReferenceSampler
from .samplers import EpisodeSampler
from .transforms import CropReference, LoadImage, LoadReferenceMask, PackOneShotInputs, PackReference, ResizeReference

__all__ = [
    'CocoFileDataset',
    'CropReference',
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
