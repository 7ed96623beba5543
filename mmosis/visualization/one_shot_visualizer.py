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

from mmosis.search.overlay import draw_search
from mmosis.structures import Episode
from mmosis.utils.image import crop_box, read_image
from mmosis.utils.rng import seeded

WHITE = (255, 255, 255)
GAP = 8  # pixels between panels
CAPTION_HEIGHT, CAPTION_SIZE = 24, 11  # pixels; points at the visualizer's 100 dpi


@VISUALIZERS.register_module()
class OneShotLocalVisualizer(DetLocalVisualizer):
    """mmdet's visualizer with one panel an episode, the reference inset at the lower left (paper Fig. 5).

    The category stands above its panel, and a detection is labelled with its score in percent. Several references stand
    in a row below. mmdet's visualization hook and ``tools/test.py --show-dir`` use it unchanged.

    Args:
        name: Name of the instance.
        inset: Longer side of a reference, as a fraction of the image's shorter side; less where a row would not fit.
        border: Width of a reference's frame in pixels.
        columns: Panels in a row, at most.
        min_size: Smaller images are enlarged by an integer factor, so that their shorter side has at least so many
            pixels.
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

        A sample with ``search_references`` is the result of a search: see :func:`draw_search`. One without either is
        drawn by mmdet. Truth is drawn where there are no predictions to draw. References are cropped from their files,
        or shown as the network sees them where the sample has ``ref_inputs`` as the data set packs them: (K, 3, h, w)
        or (E, K, 3, h, w), BGR, 0-255; a mask as fourth channel is not shown.
        """
        if data_sample is not None and 'search_references' in data_sample.metainfo:
            found = data_sample.pred_instances.numpy()
            found = found[found.scores > pred_score_thr]
            drawn = draw_search(image, found, self.dataset_meta['classes'], data_sample.search_references)
            self._put(drawn, name, show, wait_time, out_file, step)
            return
        if data_sample is None or 'episodes' not in data_sample.metainfo:
            super().add_datasample(
                name, image, data_sample, draw_gt, draw_pred, show, wait_time, out_file, pred_score_thr, step
            )
            return
        image = image.clip(0, 255).astype(np.uint8)
        panels = [
            self._draw_panel(image, instances, episode, references)
            for episode, instances, references in zip(
                data_sample.episodes,
                _instances(data_sample, draw_gt, draw_pred, pred_score_thr),
                _references(data_sample),
                strict=True,
            )
        ]
        self._put(_grid(panels, self.columns), name, show, wait_time, out_file, step)

    def _put(self, drawn: np.ndarray, name: str, show: bool, wait_time: float, out_file: str | None, step: int) -> None:
        """Show or keep a drawn image, as mmdet does."""
        self.set_image(drawn)
        if show:
            self.show(drawn, win_name=name, wait_time=wait_time)
        if out_file is not None:
            mmcv.imwrite(drawn[..., ::-1], out_file)
        else:
            self.add_image(name, drawn, step)

    def _draw_panel(
        self, image: np.ndarray, instances: InstanceData, episode: Episode, references: list[np.ndarray]
    ) -> np.ndarray:
        factor = max(1, math.ceil(self.min_size / min(image.shape[:2])))
        panel = mmcv.imrescale(image, float(factor))
        if len(instances):
            enlarged = _enlarge(instances, factor, episode.label)
            # mmdet draws the colours of masks from the global generator.
            with seeded(0, 'mask colours'):
                panel = self._draw_instances(panel, enlarged, None, self.dataset_meta.get('palette'))
        return np.vstack([self._draw_caption(panel.shape[1], episode), self._draw_references(panel, references)])

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

    def _draw_references(self, panel: np.ndarray, references: list[np.ndarray]) -> np.ndarray:
        """Inset one reference at the lower left; lay several in a row below the panel, where they hide nothing."""
        fitting = panel.shape[1] // len(references) - 2 * self.border
        side = max(1, min(round(self.inset * min(panel.shape[:2])), fitting))
        shape = (side + 2 * self.border, panel.shape[1], 3)
        canvas = panel.copy() if len(references) == 1 else np.full(shape, WHITE, np.uint8)
        left = 0
        for reference in references:
            framed = self._frame(reference, side)
            canvas[-framed.shape[0] :, left : left + framed.shape[1]] = framed
            left += framed.shape[1]
        return canvas if len(references) == 1 else np.vstack([panel, canvas])

    def _frame(self, reference: np.ndarray, side: int) -> np.ndarray:
        """Resize an image so that its longer side is ``side``, and put a frame around it."""
        scale = side / max(reference.shape[:2])
        height, width = (max(1, round(length * scale)) for length in reference.shape[:2])
        resized = mmcv.imresize(np.ascontiguousarray(reference), (width, height))
        return cv2.copyMakeBorder(resized, *[self.border] * 4, cv2.BORDER_CONSTANT, value=WHITE)


def _instances(data_sample: DetDataSample, draw_gt: bool, draw_pred: bool, score_thr: float) -> list[InstanceData]:
    """The instances to draw of each episode."""
    num = len(data_sample.episodes)
    if draw_pred and 'pred_instances' in data_sample:
        predictions = data_sample.pred_instances.cpu()
        predictions = predictions[predictions.scores > score_thr]
        return [predictions[predictions.episode_ids == i] for i in range(num)]
    if not draw_gt or not len(data_sample.get('gt_instances', ())):
        return [InstanceData(bboxes=np.zeros((0, 4)))] * num
    truth = data_sample.gt_instances.cpu()
    if 'draw' in data_sample:  # a training sample: its one episode's instances alone, with label 0
        return [truth]
    return [truth[truth.labels == episode.label] for episode in data_sample.episodes]


def _references(data_sample: DetDataSample) -> list[list[np.ndarray]]:
    """Get the K reference images of each episode, RGB."""
    if 'ref_inputs' in data_sample:
        inputs = data_sample.ref_inputs.cpu().numpy().clip(0, 255).astype(np.uint8)
        images = np.moveaxis(inputs, -3, -1)[..., 2::-1]
        return list(images.reshape(len(data_sample.episodes), -1, *images.shape[-3:]))
    return [
        [crop_box(read_image(r.img_path, r.img_shape), r.bbox)[..., ::-1] for r in episode.references]
        for episode in data_sample.episodes
    ]


def _enlarge(instances: InstanceData, factor: int, label: int) -> InstanceData:
    """Scale instances to an enlarged image; a score becomes their text."""
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
