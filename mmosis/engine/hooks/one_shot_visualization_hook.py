"""OneShotVisualizationHook: example predictions during validation, the same images each time."""

from collections.abc import Sequence

from mmdet.engine.hooks import DetVisualizationHook
from mmdet.registry import HOOKS
from mmdet.structures import DetDataSample
from mmengine.dist import master_only
from mmengine.runner import Runner

from mmosis.utils.image import read_image


@HOOKS.register_module()
class OneShotVisualizationHook(DetVisualizationHook):
    """Draw some images in every validation; in a test only what ``show`` or ``test_out_dir`` ask for.

    Of every ``interval``-th batch of a validation the first image is drawn. Each has a name of its own
    (``val_img_<batch>``), and its step is the training step, so that one sees predictions change over a training.
    mmdet's hook draws when training step + batch number is a multiple of ``interval``, so other images each time, and
    gives all of them one name; and once it draws in validation, it sends every image of a test to the backends.

    Arguments are ``DetVisualizationHook``'s.
    """

    @master_only
    def after_val_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict, outputs: Sequence[DetDataSample]
    ) -> None:
        """Draw the first image of every ``interval``-th batch."""
        if not self.draw or batch_idx % self.interval:
            return
        sample = outputs[0]
        self._visualizer.add_datasample(
            f'val_img_{batch_idx}',
            read_image(sample.img_path, sample.ori_shape, self.backend_args)[..., ::-1],
            sample,
            show=self.show,
            wait_time=self.wait_time,
            pred_score_thr=self.score_thr,
            step=runner.iter,
        )

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict, outputs: Sequence[DetDataSample]
    ) -> None:
        """Draw every image if it is to be shown or saved."""
        if self.show or self.test_out_dir is not None:
            super().after_test_iter(runner, batch_idx, data_batch, outputs)
