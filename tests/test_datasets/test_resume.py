"""Interrupted or not: our Runner gives the same episodes."""

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner.loops import _InfiniteDataloaderIterator

from mmosis.datasets import OneShotCocoDataset
from mmosis.engine import StrictRunner

BATCH = 2


class OneWeight(BaseModel):
    """Stands for a detector: one weight, and a loss that every batch moves."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(()))

    def forward(self, inputs, ref_inputs, data_samples=None, mode='loss'):
        return dict(loss=self.weight * torch.stack(inputs).float().mean() / 255)


class RecordingHook(Hook):
    """Notes what each step was trained on."""

    def __init__(self) -> None:
        self.seen = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
        for sample in data_batch['data_samples']:
            (episode,) = sample.episodes
            self.seen.append((sample.draw, sample.img_id, episode, sample.flip))


@pytest.fixture
def train(tiny_dataset_cfg, tmp_path):
    """Train to ``max_iters`` steps in a working folder; returns what the steps saw."""
    dataset_cfg = tiny_dataset_cfg(num_references=2)

    def _run(name: str, max_iters: int, num_workers: int, resume: bool = False) -> list[tuple]:
        hook = RecordingHook()
        runner = StrictRunner(
            model=OneWeight(),
            work_dir=str(tmp_path / name),
            train_dataloader=dict(
                batch_size=BATCH,
                num_workers=num_workers,
                dataset=dataset_cfg,
                sampler=dict(type='EpisodeSampler'),
            ),
            train_cfg=dict(type='IterBasedTrainLoop', max_iters=max_iters),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
            default_hooks=dict(checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=3)),
            custom_hooks=[hook],
            resume=resume,
            randomness=dict(seed=5),
            default_scope='mmdet',
            experiment_name=f'{tmp_path.name}_{name}_{max_iters}_{num_workers}',
        )
        runner.train()
        # End the workers now: garbage collection would wait seconds for each.
        runner.train_loop.dataloader_iterator._iterator = None
        return hook.seen

    return _run


@pytest.fixture
def loaded(monkeypatch, tmp_path):
    """The draws that were loaded since it was last asked, in this process or in workers."""
    file = tmp_path / 'loaded.txt'
    prepare_data = OneShotCocoDataset.prepare_data

    def note(self, idx):
        with file.open('a') as lines:
            lines.write(f'{idx}\n')
        return prepare_data(self, idx)

    def take() -> list[int]:
        draws = sorted(int(line) for line in file.read_text().split())
        file.unlink()
        return draws

    monkeypatch.setattr(OneShotCocoDataset, 'prepare_data', note)
    return take


@pytest.mark.parametrize('num_workers', [0, 2])
def test_an_interrupted_run_sees_the_same_episodes(train, num_workers):
    complete = train('complete', 6, num_workers)
    assert [draw for draw, *_ in complete] == [(5, d) for d in range(6 * BATCH)]
    first = train('interrupted', 3, num_workers)
    rest = train('interrupted', 6, num_workers, resume=True)
    assert len(rest) == 3 * BATCH
    assert first + rest == complete


@pytest.mark.skipif(
    not hasattr(_InfiniteDataloaderIterator, '_resolve_sampler'), reason='this mmengine resumes by loading all again'
)
@pytest.mark.parametrize('num_workers', [0, 2])
def test_a_resume_does_not_load_what_was_seen_before(train, loaded, num_workers):
    train('interrupted', 3, num_workers)
    assert loaded()[: 3 * BATCH] == list(range(3 * BATCH))
    train('interrupted', 6, num_workers, resume=True)
    # Workers load ahead, so there may be more behind these.
    assert loaded()[: 3 * BATCH] == list(range(3 * BATCH, 6 * BATCH))
