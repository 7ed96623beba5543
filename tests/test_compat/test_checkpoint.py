"""Checkpoints are data: a Runner's own resume, and nothing that a file holds is ever run."""

import os
import pickle
import tarfile
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.evaluator import BaseMetric
from mmengine.logging import HistoryBuffer
from mmengine.model import BaseModel
from mmengine.registry import MODELS
from mmengine.runner import CheckpointLoader, load_checkpoint
from mmengine.runner.checkpoint import _load_checkpoint_with_prefix
from torch import nn

from mmosis.compat import checkpoint
from mmosis.compat.checkpoint import load_from_local, load_weights_file, safe_loading
from mmosis.engine import StrictRunner

SCHEMES = dict(CheckpointLoader._schemes)


class RunsCode:
    """Its pickle writes a marker file when it is loaded by an unsafe reader."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple:
        return os.system, (f'touch {self.marker}',)


@MODELS.register_module()
class ToyModel(BaseModel):
    """A layer of ones; with a teacher, whose weights it loads when it is built."""

    def __init__(self, init_cfg: dict | None = None, teacher: str | None = None) -> None:
        super().__init__(init_cfg=init_cfg)
        self.layer = nn.Linear(2, 1, bias=False)
        nn.init.ones_(self.layer.weight)
        if teacher is not None:
            load_checkpoint(self, teacher)

    def forward(self, inputs: torch.Tensor, mode: str) -> dict | list:
        loss = self.layer(inputs).square().mean()
        return dict(loss=loss) if mode == 'loss' else [loss.detach()]


class ToyMetric(BaseMetric):
    def process(self, data_batch: dict, data_samples: list) -> None:
        self.results.extend(data_samples)

    def compute_metrics(self, results: list) -> dict:
        return dict(accuracy=np.float64(-np.mean(results)))


def make_runner(work_dir: Path, name: str, model: dict | None = None, **settings) -> StrictRunner:
    def loader() -> dict:
        dataset = [dict(inputs=torch.tensor([float(i), 1.0])) for i in range(4)]
        return dict(
            dataset=dataset,
            sampler=dict(type='DefaultSampler', shuffle=False),
            collate_fn=dict(type='default_collate'),
            batch_size=2,
            num_workers=0,
        )

    return StrictRunner(
        dict(model or {}, type='ToyModel'),
        str(work_dir),
        train_dataloader=loader(),
        val_dataloader=loader(),
        train_cfg=dict(by_epoch=False, max_iters=4, val_interval=1),
        val_cfg=dict(),
        val_evaluator=[ToyMetric()],
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9)),
        param_scheduler=[
            dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=3),
            dict(type='MultiStepLR', milestones=[3], by_epoch=False),
        ],
        default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=1, by_epoch=False, save_best='accuracy')),
        experiment_name=name,
        log_level='WARNING',
        **settings,
    )


@pytest.fixture
def code_file(tmp_path: Path) -> SimpleNamespace:
    marker, path = tmp_path / 'code_has_run', tmp_path / 'code.pth'
    torch.save(dict(state_dict=dict(weight=torch.ones(1)), meta=RunsCode(marker)), path)
    return SimpleNamespace(path=path, marker=marker)


def test_the_trap_works(code_file: SimpleNamespace) -> None:
    torch.load(code_file.path, weights_only=False)
    assert code_file.marker.exists()


@pytest.mark.parametrize(
    'load',
    [
        load_from_local,
        load_weights_file,
        lambda path: load_checkpoint(nn.Linear(1, 1), str(path)),
        lambda path: _load_checkpoint_with_prefix('backbone', str(path)),
    ],
    ids=['checkpoint', 'weights', 'mmengine load_checkpoint', 'mmengine init_cfg'],
)
def test_code_in_a_checkpoint_is_refused_and_not_run(code_file: SimpleNamespace, load) -> None:
    refused = r'code\.pth cannot be loaded .*system.*nothing in it was executed'
    with safe_loading(), pytest.raises(ValueError, match=refused):
        load(code_file.path)
    assert not code_file.marker.exists()


@pytest.mark.parametrize(
    'settings',
    [
        lambda path: dict(load_from=path),
        lambda path: dict(load_from=path, resume=True),
        lambda path: dict(model=dict(init_cfg=dict(type='Pretrained', checkpoint=path))),
        lambda path: dict(model=dict(teacher=path)),
    ],
    ids=['load_from', 'resume', 'init_cfg', 'teacher'],
)
def test_runner_refuses_code(code_file: SimpleNamespace, tmp_path: Path, settings) -> None:
    with pytest.raises(ValueError, match='nothing in it was executed'):
        make_runner(tmp_path, 'code', **settings(str(code_file.path))).train()
    assert not code_file.marker.exists()
    assert CheckpointLoader._schemes == SCHEMES


def test_plain_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    (tmp_path / 'plain.pth').write_bytes(pickle.dumps(RunsCode(tmp_path / 'marker'), protocol=2))
    with pytest.raises(ValueError, match='nothing in it was executed'):
        load_from_local(tmp_path / 'plain.pth')
    assert not (tmp_path / 'marker').exists()


def test_resume_goes_on_as_if_never_stopped(tmp_path: Path) -> None:
    complete = make_runner(tmp_path / 'complete', 'complete')
    complete.train()
    saved = tmp_path / 'complete/iter_2.pth'
    assert isinstance(load_from_local(saved)['message_hub']['runtime_info']['best_score'], np.float64)

    resumed = make_runner(tmp_path / 'resumed', 'resumed', load_from=str(saved), resume=True)
    resumed.train()
    assert not (tmp_path / 'resumed/iter_1.pth').exists()
    assert resumed.iter == 4
    assert torch.equal(resumed.model.layer.weight, complete.model.layer.weight)
    assert len(resumed.message_hub.log_scalars['train/loss'].data[0]) == 4


def test_weights_file_has_no_allow_list(tmp_path: Path) -> None:
    torch.save(dict(log=HistoryBuffer([1.0], [1])), tmp_path / 'log.pth')
    assert load_from_local(tmp_path / 'log.pth')['log'].mean() == 1
    with pytest.raises(ValueError, match=r'log\.pth cannot be loaded .*HistoryBuffer'):
        load_weights_file(tmp_path / 'log.pth')


class LooksUp:
    def __init__(self, *args: object) -> None:
        self.args = args

    def __reduce__(self) -> tuple:
        return getattr, self.args


@pytest.mark.parametrize('args', [(HistoryBuffer, '__init__'), (np.ndarray, 'tofile'), (torch.Size, 'count')])
def test_getattr_reaches_the_statistics_of_the_log_only(tmp_path: Path, args: tuple) -> None:
    torch.save(LooksUp(*args), tmp_path / 'look_up.pth')
    with pytest.raises(ValueError, match=f'it looks up {args[1]!r}'):
        load_from_local(tmp_path / 'look_up.pth')


def test_broken_files(tmp_path: Path) -> None:
    torch.save(dict(weight=torch.rand(1000)), tmp_path / 'complete.pth')
    complete = (tmp_path / 'complete.pth').read_bytes()
    contents = dict(
        truncated=complete[: len(complete) // 2], empty=b'', text=b'<html>404</html>', noise=bytes(range(256))
    )
    for name, content in contents.items():
        (tmp_path / f'{name}.pth').write_bytes(content)
        with pytest.raises(ValueError, match=rf'{name}\.pth cannot be loaded \(\w+: .+\); nothing in it was executed'):
            load_from_local(tmp_path / f'{name}.pth')


def test_tar_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / 'pickle').write_bytes(pickle.dumps(dict(weight=1), protocol=2))
    with tarfile.open(tmp_path / 'old.pth', 'w') as archive:
        for name in ('storages', 'tensors', 'pickle'):
            archive.add(tmp_path / 'pickle', arcname=name)
    with pytest.raises(ValueError, match=r'old\.pth cannot be loaded .*tar format'):
        load_weights_file(tmp_path / 'old.pth')


def test_missing_file(tmp_path: Path) -> None:
    with safe_loading(), pytest.raises(FileNotFoundError, match=r'there is no checkpoint file .*none\.pth'):
        CheckpointLoader.load_checkpoint(str(tmp_path / 'none.pth'))


def test_every_scheme_is_safe_in_the_block_and_mmengines_after_it() -> None:
    with safe_loading():
        with suppress(KeyError), safe_loading():
            raise KeyError
        assert {loader.__module__ for loader in CheckpointLoader._schemes.values()} == {checkpoint.__name__}
        assert CheckpointLoader._schemes.keys() == SCHEMES.keys()
    assert CheckpointLoader._schemes == SCHEMES
    assert checkpoint.__name__ not in {loader.__module__ for loader in SCHEMES.values()}


def test_a_block_of_another_thread_waits() -> None:
    """Else the one that ends first would give back MMEngine's loaders to the other."""
    entered = Event()

    def enter() -> None:
        with safe_loading():
            entered.set()

    thread = Thread(target=enter)
    with safe_loading():
        thread.start()
        assert not entered.wait(0.2)
    thread.join()
    assert entered.is_set()
    assert CheckpointLoader._schemes == SCHEMES


def test_loaders_of_the_users_own_schemes_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CheckpointLoader, '_schemes', SCHEMES)
    CheckpointLoader.register_scheme('vault://', lambda filename, map_location: filename)
    with safe_loading():
        assert CheckpointLoader.load_checkpoint('vault://mine') == 'vault://mine'


@pytest.mark.parametrize('name', ['pavi://model.pth', 's3://bucket/model.pth', 'work:petrel://model.pth'])
def test_storage_services_are_refused(name: str) -> None:
    with safe_loading(), pytest.raises(ValueError, match=f'loads no checkpoints from {name}'):
        CheckpointLoader.load_checkpoint(name)


@pytest.fixture
def download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list:
    """Replaces the network: any URL gives one small file; lists the URLs asked for."""
    urls = []

    def fetch(url: str, path: str) -> None:
        urls.append(url)
        torch.save(dict(state_dict={'backbone.weight': torch.ones(1)}), path)

    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    monkeypatch.setattr(torch.hub, 'download_url_to_file', fetch)
    return urls


@pytest.mark.parametrize(
    ('name', 'file'),
    [
        ('https://host.example/model.pth?download=1', 'model.pth'),
        ('torchvision://resnet50', 'resnet50'),
        ('open-mmlab://detectron2/resnet50_caffe', 'resnet50_msra'),
        ('openmmlab://vgg16_caffe', 'vgg16_caffe'),
        ('mmcls://mobilenet_v2', 'mobilenet_v2'),
    ],
)
def test_names_are_resolved_and_downloaded_once(download: list, name: str, file: str) -> None:
    for _ in range(2):
        with safe_loading():
            weights = CheckpointLoader.load_checkpoint(name)['state_dict']
    assert list(weights.values()) == [torch.ones(1)]
    (url,) = download
    assert file in url


def test_names_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MMEngine lets users name files of their own in ``open_mmlab.json``."""
    monkeypatch.setenv('MMENGINE_HOME', str(tmp_path))
    (tmp_path / 'open_mmlab.json').write_text('{"mine": "mine.pth"}')
    torch.save(dict(weight=torch.ones(1)), tmp_path / 'mine.pth')
    with safe_loading():
        assert CheckpointLoader.load_checkpoint('open-mmlab://mine') == dict(weight=torch.ones(1))


def test_downloads_are_not_trusted(download: list, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    marker = tmp_path / 'marker'
    monkeypatch.setattr(torch.hub, 'download_url_to_file', lambda url, path: torch.save(RunsCode(marker), path))
    for name in ('https://host.example/model.pth', 'torchvision://resnet50', 'mmcls://mobilenet_v2'):
        with safe_loading(), pytest.raises(ValueError, match='nothing in it was executed'):
            CheckpointLoader.load_checkpoint(name)
    assert not marker.exists()


def test_unknown_names_are_refused() -> None:
    with safe_loading(), pytest.raises(ValueError, match="'resnet51' is not in the list"):
        CheckpointLoader.load_checkpoint('torchvision://resnet51')
