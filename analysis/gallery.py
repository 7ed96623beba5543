"""Gallery: rendered results and references of a test, from its dump and images."""

from mmosis.compat import prepare

prepare()

import cv2
import mmcv
import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData

from mmosis.datasets import OneShotCocoDataset
from mmosis.evaluation import Detections
from mmosis.structures import Episode, EpisodeRecord, RLEMasks
from mmosis.utils.image import crop_box, read_image
from mmosis.visualization import OneShotLocalVisualizer

JPEG_QUALITY = 88


class Gallery:
    """Renders episodes of a test.

    Args:
        dataset: The test data set that replays the episodes; its pipeline is not used.
        score_thr: Detections from this score up are drawn, 0-1.
        max_side: Longer side of a rendered image in pixels.
        reference_side: The same of a reference.
    """

    def __init__(
        self, dataset: OneShotCocoDataset, score_thr: float = 0.5, max_side: int = 640, reference_side: int = 128
    ) -> None:
        self.score_thr = score_thr
        self.max_side = max_side
        self.reference_side = reference_side
        self._dataset = dataset
        self._infos = {dataset.get_data_info(idx)['img_id']: dataset.get_data_info(idx) for idx in range(len(dataset))}
        self._visualizer = OneShotLocalVisualizer('gallery', columns=1)
        self._visualizer.dataset_meta = dataset.metainfo

    def reference(self, record: EpisodeRecord) -> bytes:
        """An episode's first reference, always scaled to the same side: a JPEG file."""
        reference = self._episode(record).references[0]
        crop = crop_box(read_image(reference.img_path, reference.img_shape), reference.bbox)
        return _encode(crop, self.reference_side / max(crop.shape[:2]))

    def result(self, record: EpisodeRecord, detections: Detections) -> bytes:
        """The image of an episode with what was found, the reference inset: a JPEG file.

        Args:
            record: The episode.
            detections: Those of its run.
        """
        info = self._infos[record.image_id]
        image = read_image(info['img_path'], (info['height'], info['width']))
        mine = (detections.image_ids == record.image_id) & (detections.category_ids == record.category_id)
        episode = self._episode(record)
        sample = DetDataSample(metainfo=dict(img_id=record.image_id, episodes=[episode]))
        sample.pred_instances = _instances(
            detections[mine & (detections.scores >= self.score_thr)], episode, image.shape[:2]
        )
        self._visualizer.add_datasample('gallery', image[..., ::-1], sample, pred_score_thr=-1)
        panel = self._visualizer.get_image()[..., ::-1]
        return _encode(panel, min(1.0, self.max_side / max(panel.shape[:2])))

    def _episode(self, record: EpisodeRecord) -> Episode:
        episodes = self._dataset.list_episodes(self._infos[record.image_id])
        return next(e for e in episodes if (e.cat_id, e.run) == (record.category_id, record.run))


def _encode(image: np.ndarray, scale: float) -> bytes:
    """Scale an image and write it as a JPEG file."""
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    resized = mmcv.imresize(np.ascontiguousarray(image), (width, height))
    return cv2.imencode('.jpg', resized, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()


def _instances(detections: Detections, episode: Episode, img_shape: tuple[int, int]) -> InstanceData:
    """Detections of one episode as the detector gives them."""
    bboxes = torch.from_numpy(detections.bboxes.copy())
    bboxes[:, 2:] += bboxes[:, :2]
    instances = InstanceData(
        bboxes=bboxes,
        scores=torch.from_numpy(detections.scores.copy()),
        labels=torch.full((len(detections),), episode.label),
        episode_ids=torch.zeros(len(detections), dtype=torch.long),
    )
    if detections.masks is not None:
        instances.masks = RLEMasks(detections.masks, img_shape)
    return instances
