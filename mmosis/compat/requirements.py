"""What mmosis runs on: one table for ``setup.py`` and for the check at import. Standard library only."""

PYTHON = (3, 10)

BASE = ('torch>=2.5', 'torchvision>=0.20')

# Import name -> requirements that supply it, any one of them; the first is the one that we install.
# The upper bounds are those that mmdet 3.3.0 asserts.
FAMILIES = {
    'onedl': {
        'mmengine': ('onedl-mmengine>=0.10.12',),
        'mmcv': ('onedl-mmcv>=2.3.6',),
        'mmdet': ('onedl-mmdetection>=3.5.1',),
    },
    'openmmlab': {
        'mmengine': ('mmengine>=0.10.7,<1.0.0',),
        'mmcv': ('mmcv-lite>=2.0.0rc4,<2.2.0', 'mmcv>=2.0.0rc4,<2.2.0'),
        'mmdet': ('mmdet>=3.3.0,<3.4.0',),
    },
}

# Older binaries of these were built for numpy 1 and do not load beside numpy 2.
NUMPY_2 = ('opencv-python>=4.10', 'opencv-python-headless>=4.10', 'pycocotools>=2.0.8')
