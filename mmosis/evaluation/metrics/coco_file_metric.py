"""CocoFileMetric: mmdet's COCO metric on any COCO-format file, or a part of its images."""

from collections.abc import Sequence

from mmdet.datasets.api_wrappers import COCO
from mmdet.evaluation import CocoMetric
from mmdet.registry import METRICS

from mmosis.utils.coco_file import load_coco


@METRICS.register_module()
class CocoFileMetric(CocoMetric):
    """mmdet's ``CocoMetric`` on the annotation file of the data set.

    Only the truth of the images that were tested counts, so a held back part can be evaluated; mmdet's own counts all
    images of the file. Annotations may have any ids; mmdet's own takes a match with annotation 0 for none.
    Arguments are ``CocoMetric``'s.

    Raises:
        ValueError: With the first images, if masks are to be judged and an object has none.
    """

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Keep the results of a batch, as mmdet does."""
        if self._coco_api is None:
            self._coco_api = _renumber(load_coco(self.dataset_meta['ann_file'], self.dataset_meta.get('img_dir')))
            if 'segm' in self.metrics:
                self._check_masks()
        super().process(data_batch, data_samples)

    def _check_masks(self) -> None:
        unmasked = sum(not annotation.get('segmentation') for annotation in self._coco_api.anns.values())
        if unmasked:
            raise ValueError(
                f'{self.dataset_meta["ann_file"]}: {unmasked} objects have no segmentation, and mmdet judges masks of '
                'all; judge boxes alone: --cfg-options test_evaluator.metric=bbox'
            )

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Evaluate; keys and values are mmdet's."""
        self.img_ids = [result['img_id'] for _, result in results]
        return super().compute_metrics(results)


def _renumber(coco: COCO) -> COCO:
    """Number the annotations from 1: COCOeval keeps their ids in arrays of numbers, with 0 for no match."""
    for number, annotation in enumerate(coco.dataset['annotations'], 1):
        annotation['id'] = number
    coco.anns = {annotation['id']: annotation for annotation in coco.dataset['annotations']}
    return coco
