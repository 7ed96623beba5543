"""OneShotLocalVisualizer: results beside their references, as in the paper's Fig. 5."""

import math

import cv2
import mmcv
import numpy as np
from mmdet.registry import VISUALIZERS
from mmdet.structures import DetDataSample
from mmdet.visualization import DetLocalVisualizer
from mmengine.dist import master_only
from mmengine.structures import InstanceData

from mmosis.structures import Episode, RLEMasks
from mmosis.utils.image import crop_box, read_image


@VISUALIZERS.register_module()
class OneShotLocalVisualizer(DetLocalVisualizer):
    """mmdet's visualizer with one panel an episode, the first reference inset at the lower left (paper Fig. 5).

    mmdet's visualization hook and ``tools/test.py --show-dir`` use it unchanged.

    Args:
        name: Name of the instance.
        inset: Longer side of the inset, as a share of the image's shorter side.
        border: Width of the inset's frame in pixels.
        columns: Panels in a row, at most.
        **kwargs: ``DetLocalVisualizer``'s.
    """

    def __init__(
        self, name: str = 'visualizer', inset: float = 0.3, border: int = 2, columns: int = 3, **kwargs
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.inset = inset
        self.border = border
        self.columns = columns

    @master_only
    def add_datasample(
        self,
        name: str,
        image: np.ndarray,
        data_sample: DetDataSample | None = None,
        draw_gt: bool = True,
        draw_pred: bool = True,
        show: bool = False,
        wait_time: float = 0,
        out_file: str | None = None,
        pred_score_thr: float = 0.3,
        step: int = 0,
    ) -> None:
        """Draw an image's episodes. Arguments are ``DetLocalVisualizer``'s; ``image`` is RGB.

        A sample without episodes is drawn by mmdet. Truth is drawn where there are no predictions to draw.
        """
        if data_sample is None or 'episodes' not in data_sample.metainfo:
            super().add_datasample(
                name, image, data_sample, draw_gt, draw_pred, show, wait_time, out_file, pred_score_thr, step
            )
            return
        panels = [
            self._draw_panel(image, instances, episode)
            for episode, instances in self._panels(data_sample, draw_gt, draw_pred, pred_score_thr)
        ]
        drawn = _grid(panels, self.columns)
        self.set_image(drawn)
        if show:
            self.show(drawn, win_name=name, wait_time=wait_time)
        if out_file is not None:
            mmcv.imwrite(drawn[..., ::-1], out_file)
        else:
            self.add_image(name, drawn, step)

    def _panels(
        self, data_sample: DetDataSample, draw_gt: bool, draw_pred: bool, score_thr: float
    ) -> list[tuple[Episode, InstanceData]]:
        """Pair each episode with what is to be drawn of it."""
        if draw_pred and 'pred_instances' in data_sample:
            predictions = data_sample.pred_instances.cpu()
            predictions = predictions[predictions.scores > score_thr]
            return [(e, predictions[predictions.episode_ids == i]) for i, e in enumerate(data_sample.episodes)]
        if draw_gt and 'gt_instances' in data_sample:
            return [(episode, data_sample.gt_instances.cpu()) for episode in data_sample.episodes]
        return [(episode, InstanceData(bboxes=np.zeros((0, 4)))) for episode in data_sample.episodes]

    def _draw_panel(self, image: np.ndarray, instances: InstanceData, episode: Episode) -> np.ndarray:
        panel = image
        if len(instances):
            if isinstance(instances.get('masks'), RLEMasks):
                instances.masks = instances.masks.numpy()
            instances.labels = np.full(len(instances), episode.label)
            panel = self._draw_instances(
                image, instances, self.dataset_meta['classes'], self.dataset_meta.get('palette')
            )
        return self._draw_inset(panel.copy(), episode)

    def _draw_inset(self, panel: np.ndarray, episode: Episode) -> np.ndarray:
        reference = episode.references[0]
        crop = crop_box(read_image(reference.img_path, reference.img_shape), reference.bbox)[..., ::-1]
        scale = self.inset * min(panel.shape[:2]) / max(crop.shape[:2])
        height, width = (max(1, round(side * scale)) for side in crop.shape[:2])
        framed = cv2.copyMakeBorder(
            mmcv.imresize(np.ascontiguousarray(crop), (width, height)),
            *[self.border] * 4,
            cv2.BORDER_CONSTANT,
            value=(255, 255, 255),
        )
        panel[-framed.shape[0] :, : framed.shape[1]] = framed
        return panel


def _grid(panels: list[np.ndarray], columns: int) -> np.ndarray:
    """Lay panels of one size out in rows, blank panels white."""
    columns = min(columns, len(panels))
    rows = math.ceil(len(panels) / columns)
    blank = [np.full_like(panels[0], 255)] * (rows * columns - len(panels))
    cells = [*panels, *blank]
    return np.vstack([np.hstack(cells[row * columns : (row + 1) * columns]) for row in range(rows)])
