"""Folders of COCO-format data: known layouts, and configs that use them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mmdet.datasets import CocoDataset
from mmengine.config import Config

from mmosis.structures import split_categories
from mmosis.utils.coco_file import load_coco

LAYOUTS = (
    # training annotations, training images, test annotations, test images
    ('annotations/instances_train2017.json', 'train2017', 'annotations/instances_val2017.json', 'val2017'),
    ('annotations/instances_train.json', 'train', 'annotations/instances_val.json', 'val'),
    ('train/annotations.json', 'train/images', 'test/annotations.json', 'test/images'),
    ('train/_annotations.coco.json', 'train', 'test/_annotations.coco.json', 'test'),
    ('train/_annotations.coco.json', 'train', 'valid/_annotations.coco.json', 'valid'),
)
SINGLE_LAYOUTS = (
    # one annotation file and its images: a part of the images is held back to test on
    ('annotations.json', 'images'),
    ('annotations/instances_default.json', 'images'),
    ('_annotations.coco.json', '.'),
    ('result.json', '.'),
)

HELD_BACK = 0.2


@dataclass(frozen=True)
class CocoFolder:
    """Paths of the training and test parts of a data set, relative to ``root``.

    Attributes:
        root: The folder.
        train_ann: Annotation file to train on.
        train_img: Folder of its images.
        test_ann: Annotation file to test on; the same where there is only one.
        test_img: Folder of its images.
    """

    root: str
    train_ann: str
    train_img: str
    test_ann: str
    test_img: str

    @property
    def single(self) -> bool:
        """Whether both parts have one annotation file."""
        return self.train_ann == self.test_ann


def find_coco_folder(root: str) -> CocoFolder:
    """Find the parts of a data set: as in COCO, our scenes, or common label tools (Roboflow, CVAT, Label Studio).

    Args:
        root: The folder.

    Raises:
        FileNotFoundError: If the folder is missing or none of the layouts fits; they are listed.
    """
    folder = Path(root)
    if folder.exists() and not folder.is_dir():
        raise FileNotFoundError(f'{root} is a file; give the folder of the data')
    if not folder.is_dir():
        raise FileNotFoundError(f'data folder {root} does not exist')
    for layout in (*LAYOUTS, *((ann, images, ann, images) for ann, images in SINGLE_LAYOUTS)):
        if all((folder / part).exists() for part in layout):
            return CocoFolder(str(folder), *layout)
    known = '; or '.join(', '.join(dict.fromkeys(layout)) for layout in (*LAYOUTS, *SINGLE_LAYOUTS))
    raise FileNotFoundError(f'{root} has none of the known COCO-format layouts; expected in it: {known}')


def use_coco_folder(cfg: Config, data: str) -> None:
    """Set a config's data to a folder. Of a single annotation file a fifth of the images is held back for the test.

    Args:
        cfg: Config with a train and a test loader, which are changed.
        data: The folder.

    Raises:
        FileNotFoundError: If the folder is missing or has no known layout.
        ValueError: If the config trains on a mixture of data sets.
    """
    dataset = cfg.train_dataloader.dataset
    if 'datasets' in dataset:
        raise ValueError(
            f'fine-tuning needs one data set in the place of which yours is put, got {dataset.type}; use a config like '
            'configs/lite/siamese_mask_rcnn_lite_finetune.py'
        )
    folder = find_coco_folder(data)
    parts = dict(
        train_dataloader=(folder.train_ann, folder.train_img), test_dataloader=(folder.test_ann, folder.test_img)
    )
    for loader, (ann_file, images) in parts.items():
        cfg[loader].dataset.update(data_root=folder.root, ann_file=ann_file, data_prefix=dict(img=images))
    if folder.single:
        num_images = len(load_coco(str(Path(folder.root, folder.train_ann))).imgToAnns)
        for loader in parts:
            cfg[loader].dataset.num_held_back = max(1, round(HELD_BACK * num_images))
        cfg.test_dataloader.dataset.held_back = True


def hold_out(cfg: Config, names: Sequence[str] | None = None) -> list[str]:
    """Hold the same categories out in both parts, by name, even if the two files list different ones.

    Args:
        cfg: Config with a train and a test loader, which are changed.
        names: The categories; by default every fourth one that has objects to find in the training's file, by the
            config's ``split``. Of COCO's 80 categories all count, so that a part of COCO has the paper's splits.

    Returns:
        list: The names.
    """
    dataset = cfg.train_dataloader.dataset
    if names is None:
        coco = load_coco(str(Path(dataset.data_root, dataset.ann_file)))
        listed = [category['name'] for category in coco.cats.values()]
        found = {annotation['category_id'] for ann_id, annotation in coco.anns.items() if ann_id not in coco.skipped}
        shown = [category['name'] for cat_id, category in coco.cats.items() if cat_id in found]
        _, names = split_categories(
            listed if tuple(listed) == CocoDataset.METAINFO['classes'] else shown, dataset.split
        )
    for loader in ('train_dataloader', 'test_dataloader'):
        cfg[loader].dataset.update(split=None, one_shot_classes=list(names))
    return list(names)
