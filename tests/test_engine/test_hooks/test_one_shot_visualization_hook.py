"""Scalars and example predictions of the default runtime, read back from TensorBoard's event file."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import cv2
import pytest
from mmengine.config import Config
from mmengine.runner import Runner
from mmengine.visualization import Visualizer
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tools_runner import forget_visualizers

from mmosis.engine import OneShotVisualizationHook

RUNTIME = Path(__file__).parents[3] / 'configs' / '_base_' / 'default_runtime.py'
STEPS = [1, 2]


@pytest.fixture(autouse=True)
def _new_visualizer(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_visualizers(monkeypatch)


@pytest.fixture
def runner(tiny_model_cfg: Callable, tiny_dataset_cfg: Callable, tmp_path: Path) -> Runner:
    """Two training steps with a validation after each, under the default runtime."""
    cfg = Config.fromfile(RUNTIME)
    search = dict(
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=tiny_dataset_cfg(test_mode=True, indices=3),
    )
    metric = dict(type='OneShotCocoMetric', metric=['bbox', 'segm'])
    cfg.merge_from_dict(
        dict(
            model=tiny_model_cfg(),
            work_dir=str(tmp_path / 'work'),
            train_dataloader=dict(
                batch_size=1, num_workers=0, sampler=dict(type='EpisodeSampler'), dataset=tiny_dataset_cfg()
            ),
            val_dataloader=search,
            test_dataloader=search,
            val_evaluator=metric,
            test_evaluator=metric,
            train_cfg=dict(type='IterBasedTrainLoop', max_iters=len(STEPS), val_interval=1),
            val_cfg=dict(type='ValLoop'),
            test_cfg=dict(type='TestLoop'),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.001)),
            default_hooks=dict(logger=dict(interval=1), visualization=dict(interval=2), checkpoint=None),
            log_level='WARNING',
        )
    )
    return Runner.from_cfg(cfg)


def events(runner: Runner) -> EventAccumulator:
    """Everything in the event files of a run."""
    return EventAccumulator(str(Path(runner.log_dir, 'vis_data')), size_guidance=dict(images=0)).Reload()


def test_training_writes_scalars_and_examples_a_test_writes_none(runner: Runner) -> None:
    runner.train()
    written = events(runner)
    for name in ('loss', 'loss_rpn_cls', 'loss_mask', 'background/bbox_mAP_50', 'background/segm_mAP_50'):
        assert [event.step for event in written.Scalars(name)] == STEPS
    assert all(event.value > 0 for event in written.Scalars('loss'))
    batches = (0, 2)  # Every second of three; the same images at both validations.
    assert written.Tags()['images'] == [f'val_img_{batch}' for batch in batches]
    for batch in batches:
        assert [event.step for event in written.Images(f'val_img_{batch}')] == STEPS
    images = Path(runner.log_dir, 'vis_data', 'vis_image')
    names = sorted(f'val_img_{batch}_{step}.png' for batch in batches for step in STEPS)
    assert sorted(path.name for path in images.iterdir()) == names
    event = written.Images('val_img_0')[0]
    assert cv2.imread(str(images / 'val_img_0_1.png')).shape[:2] == (event.height, event.width)

    runner.test()
    assert events(runner).Tags()['images'] == written.Tags()['images']
    assert sorted(path.name for path in images.iterdir()) == names


class TestSilent:
    @staticmethod
    def validate(**settings) -> None:
        """A validation step on an image that cannot be read."""
        Visualizer.get_instance('silent')
        sample = SimpleNamespace(img_path='missing.png', ori_shape=(8, 8))
        hook = OneShotVisualizationHook(interval=2, **settings)
        for batch_idx in (0, 1):
            hook.after_val_iter(SimpleNamespace(iter=0), batch_idx, {}, [sample])

    def test_without_draw(self) -> None:
        self.validate(draw=False)
        with pytest.raises(FileNotFoundError, match=r'missing\.png does not exist'):
            self.validate(draw=True)

    def test_beside_the_main_process(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr('mmengine.dist.utils.get_rank', lambda group=None: 1)
        self.validate(draw=True)
