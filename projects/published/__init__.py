"""The published Siamese Mask R-CNN where it differs from mmdet's parts and ours; everything else is shared.

Source: the code released with arXiv 1811.11507 (Keras, TensorFlow 1), as far as its outputs show. All boxes between
the anchors and the results are fractions of the network input, as there: see :mod:`projects.published.boxes`.
"""

from mmosis.compat import prepare

prepare()

from .anchor_generator import PublishedAnchorGenerator
from .bbox_head import PublishedBBoxHead
from .box_coder import PublishedBoxCoder
from .data_preprocessor import PublishedDataPreprocessor
from .detector import PublishedDetector
from .mask_head import PublishedMaskHead
from .resnet import PublishedResNet
from .roi_extractor import CropAndResizeExtractor
from .roi_head import PublishedRoIHead
from .rpn_head import PublishedRPNHead
from .transforms import PublishedReference, PublishedResize

__all__ = [
    'CropAndResizeExtractor',
    'PublishedAnchorGenerator',
    'PublishedBBoxHead',
    'PublishedBoxCoder',
    'PublishedDataPreprocessor',
    'PublishedDetector',
    'PublishedMaskHead',
    'PublishedRPNHead',
    'PublishedReference',
    'PublishedResNet',
    'PublishedResize',
    'PublishedRoIHead',
]
