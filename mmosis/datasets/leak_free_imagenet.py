"""LeakFreeImageNet: the ImageNet classes that have no counterpart in COCO.

It needs mmpretrain (extra ``pretrain``), so nothing imports it but the configs of pre-training.
"""

from importlib.resources import files
from pathlib import Path
from typing import Any

from mmosis.utils.install import install_hint

try:
    from mmpretrain.datasets import CustomDataset
    from mmpretrain.registry import DATASETS
except ModuleNotFoundError as error:
    raise ImportError(f'pre-training needs {error.name}, which is not installed: {install_hint("pretrain")}') from error

IMAGENET_687 = tuple(sorted((files(__package__) / 'imagenet-687.txt').read_text().split()))
"""The synsets without a counterpart among COCO's categories (paper section 5.1): ``data/imagenet-687.txt`` of
https://github.com/bethgelab/siamese-mask-rcnn."""


@DATASETS.register_module()
class LeakFreeImageNet(CustomDataset):
    """A folder with one folder of images a synset, as ImageNet is unpacked, of which the leak-free ones are read.

    Others may lie beside them and are not looked at.

    Args:
        synsets: Synsets to train on, or a text file of them; by default all 687. A class's label is its place in their
            alphabetical order.
        **kwargs: ``CustomDataset``'s: ``data_root``, ``data_prefix``, ``pipeline``.

    Raises:
        ValueError: If a synset has a counterpart in COCO, or is named twice.
        FileNotFoundError: If the folder of a synset is missing or has no images.
    """

    def __init__(self, *args: Any, synsets: tuple[str, ...] | str = IMAGENET_687, **kwargs: Any) -> None:
        if isinstance(synsets, str):
            synsets = tuple(Path(synsets).read_text().split())
        self.synsets = _check(synsets)
        super().__init__(*args, metainfo=dict(classes=self.synsets), **kwargs)

    def load_data_list(self) -> list[dict]:
        """List the images of the synsets."""
        root = Path(self.img_prefix)
        data_list = []
        for label, synset in enumerate(self.synsets):
            paths = sorted(path for path in (root / synset).rglob('*') if self.is_valid_file(path.name))
            if not paths:
                raise FileNotFoundError(
                    f'there are no images in {root / synset}; data_root and data_prefix must name the folder that has '
                    f'one folder for each of the {len(self.synsets)} synsets'
                )
            data_list += [dict(img_path=str(path), gt_label=label) for path in paths]
        return data_list


def _check(synsets: tuple[str, ...]) -> tuple[str, ...]:
    leaking = sorted(set(synsets) - set(IMAGENET_687))
    if leaking:
        raise ValueError(
            f'{len(leaking)} classes are not among the 687 that show nothing of COCO: {", ".join(leaking[:5])}; '
            'one-shot figures of a detector that starts from them would leak, so remove them'
        )
    if len(set(synsets)) < len(synsets):
        raise ValueError(f'each synset must be named once, got {len(synsets)} names of {len(set(synsets))}')
    return tuple(sorted(synsets))
