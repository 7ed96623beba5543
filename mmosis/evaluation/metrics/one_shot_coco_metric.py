"""OneShotCocoMetric: COCO AP under the paper's one-shot protocol."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmdet.registry import METRICS
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from pycocotools.coco import COCO

from mmosis.evaluation.data_paths import DataPaths
from mmosis.evaluation.detections import Detections
from mmosis.evaluation.dump import Dump
from mmosis.evaluation.functional import IOU_TYPES, check_masks
from mmosis.evaluation.saved_evaluation import save_and_evaluate
from mmosis.evaluation.tables import category_table, runs_table
from mmosis.structures import EpisodeRecord
from mmosis.utils.coco_file import load_coco
from mmosis.utils.packed import id_array


@METRICS.register_module()
class OneShotCocoMetric(BaseMetric):
    """COCO AP of the detections of all episodes, judged as detections of the reference's category (paper section 5.2).

    Each run (fresh references) is a COCO evaluation of its own over the evaluated categories; the result is the mean
    over the runs. AP of a category is over the images that were searched for it. The figures are pycocotools', computed
    by faster-coco-eval.

    Args:
        metric: 'bbox', 'segm' or both.
        ann_file: Annotation file; by default the data set's.
        classwise: Whether the result also has each category's AP50.
        dump_dir: Folder to write episodes, predictions and all metrics to, see :class:`Dump`; by default none. What was
            found is written before it is evaluated; without a folder, it is written if that fails.
        collect_device: 'cpu' or 'gpu', as in MMEngine.
        prefix: Prefix of the result's keys; by default the phase: 'background', 'one-shot' or 'all'.

    Attributes:
        report: What the last evaluation gave, in full, as :func:`evaluate_runs` returns it; None before, and in all but
            the main process.

    Raises:
        ValueError: If a metric is unknown; with the first images, if the annotations are not of these or have no masks
            and such are to be judged.
        OSError: With the first images, if ``dump_dir`` cannot be made.
    """

    default_prefix = ''  # none: the phase is known with the results

    def __init__(
        self,
        metric: str | Sequence[str] = IOU_TYPES,
        ann_file: str | None = None,
        classwise: bool = False,
        dump_dir: str | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.metrics = [metric] if isinstance(metric, str) else list(metric)
        unknown = set(self.metrics) - set(IOU_TYPES)
        if unknown:
            raise ValueError(f'metric must be among {IOU_TYPES}, got {sorted(unknown)}')
        self.ann_file = ann_file
        self.classwise = classwise
        self.dump_dir = dump_dir
        self.report: dict[str, dict] | None = None
        self._truth: tuple[str, COCO] | None = None

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Keep one result an image, as NumPy arrays.

        Args:
            data_batch: Not used.
            data_samples: Samples as dicts, with ``img_id``, ``episodes`` and ``pred_instances``.
        """
        coco = self._open_truth()
        for sample in data_samples:
            _check_known(sample, coco)
            predictions = sample['pred_instances']
            result = {key: predictions[key].cpu().numpy() for key in ('bboxes', 'scores', 'episode_ids')}
            result['episodes'] = [
                EpisodeRecord.from_episode(sample['img_id'], episode) for episode in sample['episodes']
            ]
            if 'segm' in self.metrics:
                result['masks'] = list(predictions['masks'])
            self.results.append(result)

    def _open_truth(self) -> COCO:
        """Load the annotations, once; errors in them are raised with the first images, not after hours."""
        ann_file = self.ann_file or self.dataset_meta['ann_file']
        if self._truth is None or self._truth[0] != ann_file:
            coco = load_coco(ann_file, self.dataset_meta.get('img_dir'))
            if 'segm' in self.metrics:
                check_masks(coco)
            if self.dump_dir is not None:
                Path(self.dump_dir).mkdir(parents=True, exist_ok=True)
            self._truth = ann_file, coco
        return self._truth[1]

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Evaluate every run and average.

        Args:
            results: What :meth:`process` kept, of all processes.

        Returns:
            dict: ``bbox_mAP``, ``bbox_mAP_50``, ... as :func:`evaluate_searches` names them, in 0-1; with several
            runs also each run's, as ``bbox_mAP_50/run0``; with ``classwise`` also ``bbox_mAP_50/<category>``; where
            absent categories were asked for, ``bbox_absent_mAP_50`` and its like. Without a prefix of its own the phase
            stands before each key.

        Raises:
            RuntimeError: If the evaluation fails; says where what was found is kept.
        """
        info = self.dataset_meta['protocol']
        coco = self._open_truth()
        data = DataPaths(self.ann_file or self.dataset_meta['ann_file'], self.dataset_meta.get('img_dir'))
        self.report = metrics = save_and_evaluate(to_dump(results, info), coco, data, self.dump_dir, self.metrics)
        print_log(f'AP50 of each category (%)\n{category_table(metrics)}', logger='current')
        print_log(f'mAP50 (%)\n{runs_table(metrics)}', logger='current')
        flat = _flatten(metrics, self.classwise)
        return flat if self.prefix else {f'{info["phase"]}/{key}': value for key, value in flat.items()}


def _check_known(sample: dict, coco: COCO) -> None:
    for things, known, ids in (
        ('images', coco.imgs, {sample['img_id']}),
        ('categories', coco.cats, {episode.cat_id for episode in sample['episodes']}),
    ):
        if unknown := sorted(ids - known.keys()):
            raise ValueError(f'episodes are of {things} that the annotation file does not have: {unknown}')


def to_dump(results: Sequence[dict], info: dict) -> Dump:
    """Convert the kept results to a dump, sorted by image and run.

    Args:
        results: What :meth:`OneShotCocoMetric.process` keeps.
        info: What was tested.
    """
    results = sorted(results, key=lambda result: result['episodes'][0].image_id)
    episodes = [episode for result in results for episode in result['episodes']]
    runs = [[] for _ in range(1 + max(episode.run for episode in episodes))]
    for result in results:
        for episode_id, episode in enumerate(result['episodes']):
            runs[episode.run].append(_of_episode(result, episode_id))
    return Dump(info, sorted(episodes), [Detections.cat(run) for run in runs])


def _of_episode(result: dict, episode_id: int) -> Detections:
    """The detections of one episode."""
    rows = np.flatnonzero(result['episode_ids'] == episode_id)
    episode = result['episodes'][episode_id]
    bboxes = result['bboxes'][rows].astype(float)
    bboxes[:, 2:] -= bboxes[:, :2]
    return Detections(
        id_array([episode.image_id] * len(rows)),
        id_array([episode.category_id] * len(rows)),
        bboxes,
        result['scores'][rows].astype(float),
        [result['masks'][row] for row in rows] if 'masks' in result else None,
    )


def _flatten(metrics: dict[str, dict], classwise: bool) -> dict[str, float]:
    """Flatten to one name a figure, as MMEngine's loggers want it."""
    flat = {}
    for iou_type, result in metrics.items():
        for prefix, part in ((iou_type, result), (f'{iou_type}_absent', result.get('absent'))):
            if part is None:
                continue
            flat.update({f'{prefix}_{key}': value for key, value in part['mean'].items()})
            if len(part['runs']) > 1:
                runs = [(number, run) for number, run in enumerate(part['runs']) if run is not None]
                flat.update({f'{prefix}_{key}/run{number}': v for number, run in runs for key, v in run.items()})
        if classwise:
            flat.update({f'{iou_type}_mAP_50/{name}': ap['mAP_50'] for name, ap in result['per_category'].items()})
    return flat
