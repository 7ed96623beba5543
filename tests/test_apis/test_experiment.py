"""Pure parts of experiments; complete ones are run in test_tools."""

from pathlib import Path

import pytest
from mmengine.config import Config
from one_weight import settings

from mmosis.apis import experiment
from mmosis.apis.experiment import divide_batch, headline, make_test_config, run_training


def test_headline_finds_the_figures_under_any_prefix() -> None:
    metrics = {'one-shot/bbox_mAP_50': 0.5, 'one-shot/bbox_mAP': 0.1, 'one-shot/segm_mAP_50': 0.25, 'time': 3.0}
    assert headline(metrics) == dict(box=0.5, mask=0.25)
    assert headline({'coco/bbox_mAP_50': 0.5}) == dict(box=0.5)


def test_config_of_a_test_leaves_the_training_one_as_it_is() -> None:
    cfg = Config(dict(resume=True, load_from=None, test_dataloader=dict(dataset=dict(phase='one-shot', split=1))))
    test = make_test_config(cfg, 'last.pth', phase='all', num_references=5)
    assert (test.load_from, test.resume) == ('last.pth', False)
    assert test.test_dataloader.dataset == dict(phase='all', split=1, num_references=5)
    assert (cfg.load_from, cfg.resume, cfg.test_dataloader.dataset.phase) == (None, True, 'one-shot')


@pytest.mark.parametrize(('batch_size', 'processes', 'expected'), [(4, 2, 2), (2, 2, 1), (3, 1, 3)])
def test_processes_divide_the_batch(
    batch_size: int, processes: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(experiment, 'get_world_size', lambda: processes)
    cfg = Config(dict(train_dataloader=dict(batch_size=batch_size)))
    divide_batch(cfg)
    assert cfg.train_dataloader.batch_size == expected


@pytest.mark.parametrize('batch_size', [1, 3, 0, -2, 'two', 2.5])
def test_a_batch_that_cannot_be_divided(batch_size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(experiment, 'get_world_size', lambda: 2)
    with pytest.raises(ValueError, match=rf'must be a multiple of 2, got {batch_size}'):
        divide_batch(Config(dict(train_dataloader=dict(batch_size=batch_size))))


def test_a_training_that_saves_nothing(tmp_path: Path) -> None:
    cfg = Config(settings(tmp_path, max_iters=1))
    cfg.default_hooks.checkpoint.save_last = False
    with pytest.raises(
        FileNotFoundError, match=r'has saved no checkpoint in .*; set default_hooks\.checkpoint\.save_last'
    ):
        run_training(cfg)
