"""CocoFileDataset: mmdet's COCO data set that takes its categories from the annotation file."""

import gc
from typing import Any

from mmcv.transforms import LoadImageFromFile
from mmdet.datasets import CocoDataset
from mmdet.registry import DATASETS
from mmengine.dataset import Compose
from mmengine.logging import print_log

from mmosis.utils.coco_file import CheckedCOCO, load_coco
from mmosis.utils.coco_images import check_images
from mmosis.utils.coco_objects import count_skipped
from mmosis.utils.packed import id_array

from .transforms.loading import LoadImage


@DATASETS.register_module()
class CocoFileDataset(CocoDataset):
    """Any COCO-format file with all its categories and instances, as a detector of fixed categories takes it.

    ``metainfo['classes']`` are the file's categories in file order, so a config need not list them. Part of the images
    can be held back for validation.

    Args:
        ann_file: Annotation file in COCO format, any categories.
        num_held_back: So many annotated images, the last by id, are held back for validation, before any filter and so
            the same for all splits. The published code holds back 3000 of train2017, in no defined order.
        held_back: Whether this dataset is the held back part or, by default, the rest.

    Raises:
        FileNotFoundError: If the annotation file is missing, or images that would be read.
        ValueError: If the file is wrong, masks are to be loaded that it does not have, or nothing would be left to
            train on.
    """

    METAINFO: dict = dict(classes=())

    def __init__(self, *args: Any, num_held_back: int = 0, held_back: bool = False, **kwargs: Any) -> None:
        if num_held_back < int(held_back):
            raise ValueError(
                f'num_held_back must be at least {int(held_back)} if held_back={held_back}, got {num_held_back}'
            )
        self.num_held_back = num_held_back
        self.held_back = held_back
        super().__init__(*args, **kwargs)

    def full_init(self) -> None:
        """Load the annotations, with garbage collection paused, which takes a third of the time on COCO's."""
        enabled = gc.isenabled()
        gc.disable()
        try:
            super().full_init()
        finally:
            if enabled:
                gc.enable()

    def load_data_list(self) -> list[dict]:
        """Read the annotation file and its categories."""
        coco = load_coco(self.ann_file, self.data_prefix['img'])
        self.cat_ids = list(coco.cats)
        self.cat2label = {cat_id: label for label, cat_id in enumerate(self.cat_ids)}
        # Arrays, which the workers of a data loader have in common.
        self.cat_img_map = {cat_id: id_array(coco.cat_img_map[cat_id]) for cat_id in self.cat_ids}
        names = tuple(category['name'] for category in coco.cats.values())
        self._metainfo.update(
            classes=names, cat_ids=self.cat_ids, ann_file=self.ann_file, img_dir=self.data_prefix['img']
        )
        data_list = [
            self.parse_data_info(
                dict(raw_img_info=dict(coco.imgs[img_id], img_id=img_id), raw_ann_info=coco.img_ann_map[img_id])
            )
            for img_id in self._image_ids(coco.imgs, coco.img_ann_map)
        ]
        self._log_skipped(coco, data_list)
        if any(getattr(transform, 'with_mask', False) for transform in self.pipeline.transforms):
            self._check_masks(data_list)
        return data_list

    def filter_data(self) -> list[dict]:
        """Filter as mmdet does, once the images that would be read are known to exist."""
        self._check_images(self.data_list)
        return super().filter_data()

    def _log_skipped(self, coco: CheckedCOCO, data_list: list[dict]) -> None:
        """Log what of these images is neither trained on nor searched for."""
        for name in coco.placeholders:
            print_log(f'{self.ann_file}: category {name!r} stands for no objects; it takes no place', 'current')
        img_ids = {info['img_id'] for info in data_list}
        reasons = [r for ann_id, r in coco.skipped.items() if coco.anns[ann_id]['image_id'] in img_ids]
        num_objects = sum(len(coco.imgToAnns[img_id]) for img_id in img_ids)
        if reasons:
            summary = f'{self.ann_file}: {count_skipped(reasons, num_objects)}'
            if len(reasons) == num_objects:
                raise ValueError(f'{summary}; nothing is left in the images that are held back, or in the others')
            print_log(summary, 'current')

    def _check_masks(self, data_list: list[dict]) -> None:
        for info in data_list:
            if any('mask' not in instance for instance in info['instances']):
                raise ValueError(
                    f'{self.ann_file}: image {info["img_id"]} has objects without segmentation; a detector without '
                    'masks, as in configs/reuse/siamese_faster_rcnn_s1.py, takes boxes alone'
                )

    def _check_images(self, data_list: list[dict]) -> None:
        """Check that the image files exist, if they are read from a disk at all."""
        loaders = self._loaders()
        if loaders and not any([self.backend_args, *(loader.backend_args for loader in loaders)]):
            try:
                check_images([info['img_path'] for info in data_list if self._is_read(info)])
            except (ValueError, FileNotFoundError) as error:
                raise type(error)(f'{self.ann_file}: {error}') from error

    def _loaders(self) -> list[LoadImage | LoadImageFromFile]:
        """The transforms that read images."""
        return image_loaders(self.pipeline)

    def _is_read(self, info: dict) -> bool:
        """Whether an image's file is read: without objects it may be filtered."""
        return bool(info['instances']) or self.test_mode or not (self.filter_cfg or {}).get('filter_empty_gt')

    def _image_ids(self, images: dict, annotations: dict) -> list:
        if not self.num_held_back:
            return list(images)
        annotated = sorted(img_id for img_id in images if annotations[img_id])
        if self.num_held_back >= len(annotated):
            raise ValueError(
                f'num_held_back must leave images to train on: {self.ann_file} has {len(annotated)} annotated images, '
                f'got {self.num_held_back}'
            )
        held_back = set(annotated[-self.num_held_back :])
        return [img_id for img_id in images if (img_id in held_back) == self.held_back]


def image_loaders(pipeline: Compose) -> list[LoadImage | LoadImageFromFile]:
    """The transforms of a pipeline that read images."""
    return [transform for transform in pipeline.transforms if isinstance(transform, LoadImage | LoadImageFromFile)]
