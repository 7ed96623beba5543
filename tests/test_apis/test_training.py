"""train and resume_newest: what befalls a training costs no more than the steps since its last checkpoint."""

import re
from pathlib import Path

import pytest
from mmengine.config import Config
from one_weight import settings, train_one_weight

from mmosis.apis import resume_newest, train


def test_a_killed_worker_is_explained_and_nothing_is_lost(tmp_path: Path) -> None:
    cfg = Config(settings(tmp_path / 'killed', num_workers=1))
    cfg.train_dataloader.dataset.deadly = 7
    with pytest.raises(RuntimeError) as caught:
        train(cfg)
    message = str(caught.value)
    assert re.match(r'DataLoader worker \(pid\(?s?\)? ?\d+\) ', message)
    assert 'set fewer (train_dataloader.num_workers)' in message
    assert message.endswith(f'train on from the last one in {tmp_path}/killed with --resume')
    cfg = Config(settings(tmp_path / 'killed'))
    resume_newest(cfg)
    assert cfg.load_from == str(tmp_path / 'killed' / 'iter_2.pth')
    weight = train_one_weight(tmp_path / 'killed', load_from=cfg.load_from, resume=cfg.resume)
    assert weight == train_one_weight(tmp_path / 'whole')


def test_another_error_is_told_as_it_is(tmp_path: Path) -> None:
    cfg = Config(settings(tmp_path))
    cfg.train_dataloader.dataset.unlike = 3
    with pytest.raises(RuntimeError, match='stack expects each tensor to be equal size') as caught:
        train(cfg)
    assert 'num_workers' not in str(caught.value)


def test_without_a_checkpoint_a_config_starts_as_it_says(tmp_path: Path) -> None:
    cfg = Config(dict(work_dir=str(tmp_path), load_from='start.pth', resume=False))
    resume_newest(cfg)
    assert (cfg.load_from, cfg.resume) == ('start.pth', False)
