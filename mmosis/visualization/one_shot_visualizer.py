"""OneShotLocalVisualizer: results beside their references, as in the paper's Fig. 5."""

import math

import cv2
import mmcv
import numpy as np
from mmdet.registry import VISUALIZERS
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import get_box_tensor
from mmdet.visualization import DetLocalVisualizer
from mmengine.dist import master_only
from mmengine.structures import InstanceData

from mmosis.structures import Episode
from mmosis.utils.image import crop_box, read_image
from mmosis.utils.rng import seeded

WHITE = (255, 255, 255)
GAP = 8  # pixels between panels
CAPTION_HEIGHT, CAPTION_SIZE = 24, 11  # pixels; points at the visualizer's 100 dpi


@VISUALIZERS.register_module()
class OneShotLocalVisualizer(DetLocalVisualizer):
    """mmdet's visualizer with one panel an episode, the first reference inset at the lower left (paper Fig. 5).

    The category stands above its panel, and a detection is labelled with its score in percent. mmdet's visualization
    hook and ``tools/test.py --show-dir`` use it unchanged.

    Args:
        name: Name of the instance.
        inset: Longer side of the inset, as a share of the image's shorter side.
        border: Width of the inset's frame in pixels.
        columns: Panels in a row, at most.
        min_size: Smaller images are enlarged by a whole number, so that their shorter side has at least so many pixels.
        alpha: Opacity of masks and boxes, 0-1.
        **kwargs: ``DetLocalVisualizer``'s.
    """

    def __init__(
        self,
        name: str = 'visualizer',
        inset: float = 0.3,
        border: int = 2,
        columns: int = 3,
        min_size: int = 320,
        alpha: float = 0.5,
        **kwargs,
    ) -> None:
        super().__init__(name=name, alpha=alpha, **kwargs)
        self.inset = inset
        self.border = border
        self.columns = columns
        self.min_size = min_size

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
        image = image.clip(0, 255).astype(np.uint8)
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
        factor = max(1, math.ceil(self.min_size / min(image.shape[:2])))
        panel = mmcv.imrescale(image, float(factor))
        if len(instances):
            enlarged = _enlarge(instances, factor, episode.label)
            # mmdet draws the colours of masks from the global generator.
            with seeded(0, 'mask colours'):
                panel = self._draw_instances(panel, enlarged, None, self.dataset_meta.get('palette'))
        return np.vstack([self._draw_caption(panel.shape[1], episode), self._draw_inset(panel.copy(), episode)])

    def _draw_caption(self, width: int, episode: Episode) -> np.ndarray:
        """Write the category on a white strip (CAPTION_HEIGHT, width, 3)."""
        classes = self.dataset_meta.get('classes')
        self.set_image(np.full((CAPTION_HEIGHT, width, 3), WHITE, np.uint8))
        self.draw_texts(
            classes[episode.label] if classes else f'category {episode.cat_id}',
            np.array([0, CAPTION_HEIGHT / 2]),
            font_sizes=CAPTION_SIZE,
            colors='k',
            vertical_alignments='center',
        )
        return self.get_image()

    def _draw_inset(self, panel: np.ndarray, episode: Episode) -> np.ndarray:
        reference = episode.references[0]
        crop = crop_box(read_image(reference.img_path, reference.img_shape), reference.bbox)[..., ::-1]
        scale = self.inset * min(panel.shape[:2]) / max(crop.shape[:2])
        height, width = (max(1, round(side * scale)) for side in crop.shape[:2])
        framed = cv2.copyMakeBorder(
            mmcv.imresize(np.ascontiguousarray(crop), (width, height)),
            *[self.border] * 4,
            cv2.BORDER_CONSTANT,
            value=WHITE,
        )
        panel[-framed.shape[0] :, : framed.shape[1]] = framed
        return panel


def _enlarge(instances: InstanceData, factor: int, label: int) -> InstanceData:
    """Fit instances to an image that is enlarged by a whole number; a score becomes their text."""
    scores = instances.get('scores', ())
    enlarged = InstanceData(
        bboxes=get_box_tensor(instances.bboxes) * factor,
        labels=np.full(len(instances), label),
        label_names=[f'{100 * score:.1f}' for score in scores] or [''] * len(instances),
    )
    if 'masks' in instances:
        masks = instances.masks
        masks = masks.to_ndarray() if hasattr(masks, 'to_ndarray') else masks.numpy()
        enlarged.masks = masks.repeat(factor, axis=1).repeat(factor, axis=2)
    return enlarged


def _grid(panels: list[np.ndarray], columns: int) -> np.ndarray:
    """Lay panels of one size out in rows on white, with gaps between and around them."""
    columns = min(columns, len(panels))
    blank = [np.full_like(panels[0], 255)] * (-len(panels) % columns)
    cells = [cv2.copyMakeBorder(p, GAP, 0, GAP, 0, cv2.BORDER_CONSTANT, value=WHITE) for p in [*panels, *blank]]
    rows = [np.hstack(cells[start : start + columns]) for start in range(0, len(cells), columns)]
    return cv2.copyMakeBorder(np.vstack(rows), 0, GAP, 0, GAP, cv2.BORDER_CONSTANT, value=WHITE)
