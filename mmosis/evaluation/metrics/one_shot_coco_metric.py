"""OneShotCocoMetric: the paper's protocol on pycocotools."""

from collections.abc import Sequence

import numpy as np
from mmdet.registry import METRICS
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from terminaltables import AsciiTable

from mmosis.evaluation.functional import evaluate_detections
from mmosis.utils.coco_file import load_coco

METRIC_NAMES = ('bbox', 'segm')


@METRICS.register_module()
class OneShotCocoMetric(BaseMetric):
    """AP of the detections of every episode, judged as detections of the reference's category (paper section 5.2).

    Each run (fresh references) is a COCO evaluation of its own over the evaluated categories; the result is the mean
    over the runs. AP of a category is over all images of the data set: those that do not show it are not searched for
    it, and so have no detections of it.

    Args:
        metric: 'bbox', 'segm' or both.
        ann_file: Annotation file; by default the data set's.
        classwise: Whether the result also has each category's AP50.
        collect_device: 'cpu' or 'gpu', as in MMEngine.
        prefix: Prefix of the result's keys; by default the phase: 'background', 'one-shot' or 'all'.

    Raises:
        ValueError: If a metric is unknown.
    """

    def __init__(
        self,
        metric: str | Sequence[str] = METRIC_NAMES,
        ann_file: str | None = None,
        classwise: bool = False,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.metrics = [metric] if isinstance(metric, str) else list(metric)
        unknown = set(self.metrics) - set(METRIC_NAMES)
        if unknown:
            raise ValueError(f'metric must be among {METRIC_NAMES}, got {sorted(unknown)}')
        self.ann_file = ann_file
        self.classwise = classwise

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Keep one result an image, light and on the host.

        Args:
            data_batch: Not used.
            data_samples: Samples as dicts, with ``img_id``, ``episodes`` and ``pred_instances``.
        """
        for sample in data_samples:
            predictions = sample['pred_instances']
            result = {key: predictions[key].cpu().numpy() for key in ('bboxes', 'scores', 'episode_ids')}
            result['img_id'] = sample['img_id']
            result['episodes'] = [(episode.cat_id, episode.run) for episode in sample['episodes']]
            if 'segm' in self.metrics:
                result['masks'] = list(predictions['masks'])
            self.results.append(result)

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Evaluate every run and average.

        Args:
            results: What :meth:`process` kept, of all processes.

        Returns:
            dict: ``bbox_mAP``, ``bbox_mAP_50``, ... as :func:`evaluate_detections` names them, in 0-1; with several
            runs also each run's, as ``bbox_mAP_50/run0``; with ``classwise`` also ``bbox_mAP_50/<category>``. Without a
            prefix of its own the phase stands before each key.
        """
        coco = load_coco(self.ann_file or self.dataset_meta['ann_file'])
        detections = to_coco_results(results)
        img_ids = [result['img_id'] for result in results]
        cat_ids = self.dataset_meta['eval_cat_ids']
        metrics = {}
        for name in self.metrics:
            runs = [evaluate_detections(coco, run, name, cat_ids, img_ids) for run in detections]
            metrics.update(_mean_over_runs(name, [means for means, _ in runs]))
            classes = _mean_over_categories(coco, [per_category for _, per_category in runs])
            print_log(f'{name} AP50 of each category (%)\n{_table(classes)}', logger='current')
            if self.classwise:
                metrics.update({f'{name}_mAP_50/{category}': ap for category, ap in classes.items()})
        return metrics if self.prefix else {f'{self.dataset_meta["phase"]}/{key}': ap for key, ap in metrics.items()}


def to_coco_results(results: Sequence[dict]) -> list[list[dict]]:
    """Turn the kept results into COCO results, one list a run.

    Args:
        results: What :meth:`OneShotCocoMetric.process` keeps.

    Returns:
        list: For each run its detections: ``image_id``, ``category_id``, ``bbox`` xywh, ``score``, ``segmentation``.
    """
    num_runs = 1 + max(run for result in results for _, run in result['episodes'])
    detections: list[list[dict]] = [[] for _ in range(num_runs)]
    for result in results:
        masks = result.get('masks', [None] * len(result['scores']))
        rows = zip(result['bboxes'].tolist(), result['scores'].tolist(), result['episode_ids'], masks, strict=True)
        for (x1, y1, x2, y2), score, episode_id, mask in rows:
            cat_id, run = result['episodes'][episode_id]
            detection = dict(
                image_id=result['img_id'], category_id=cat_id, bbox=[x1, y1, x2 - x1, y2 - y1], score=score
            )
            if mask is not None:
                detection['segmentation'] = mask
            detections[run].append(detection)
    return detections


def _mean_over_runs(name: str, runs: list[dict[str, float]]) -> dict[str, float]:
    metrics = {f'{name}_{key}': float(np.mean([run[key] for run in runs])) for key in runs[0]}
    if len(runs) > 1:
        metrics.update({f'{name}_{key}/run{i}': ap for i, run in enumerate(runs) for key, ap in run.items()})
    return metrics


def _mean_over_categories(coco, runs: list[dict[int, dict[str, float]]]) -> dict[str, float]:
    """AP50 of each category, mean over the runs."""
    return {coco.cats[cat_id]['name']: float(np.mean([run[cat_id]['mAP_50'] for run in runs])) for cat_id in runs[0]}


def _table(classes: dict[str, float]) -> str:
    return AsciiTable([['category', 'AP50'], *([name, f'{100 * ap:.1f}'] for name, ap in classes.items())]).table
