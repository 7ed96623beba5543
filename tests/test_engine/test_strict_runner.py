"""StrictRunner: weights of the complete model, or a sentence."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.model import BaseModel
from torch import nn

from mmosis.engine import StrictRunner


class TwoParts(BaseModel):
    """A backbone, and a head for so many classes."""

    def __init__(self, classes: int = 3, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg=init_cfg)
        self.backbone, self.head = nn.Linear(2, 2), nn.Linear(2, classes)
        self.norm = nn.BatchNorm1d(2)

    def forward(self, inputs: torch.Tensor, mode: str) -> dict:
        return dict(loss=self.head(self.norm(self.backbone(inputs))).square().mean())


@pytest.fixture
def train(tmp_path: Path) -> Callable[..., TwoParts]:
    """Start a training of no step from a checkpoint."""

    def train(model: TwoParts, **settings: object) -> TwoParts:
        dataset = [dict(inputs=torch.ones(2)) for _ in range(2)]
        loader = dict(
            dataset=dataset,
            sampler=dict(type='DefaultSampler', shuffle=False),
            collate_fn=dict(type='default_collate'),
            batch_size=2,
            num_workers=0,
        )
        runner = StrictRunner(
            model,
            str(tmp_path / 'work'),
            train_dataloader=loader,
            train_cfg=dict(by_epoch=False, max_iters=1),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.0)),
            experiment_name=str(tmp_path),
            log_level='WARNING',
            default_scope='mmdet',
            **settings,
        )
        runner.train()
        return runner.model

    return train


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / 'model.pth'
    torch.save(dict(meta={}, state_dict=TwoParts().state_dict()), path)
    return path


@pytest.mark.parametrize('prefix', ['', 'module.'])
@pytest.mark.parametrize('plain', [False, True])
def test_its_own_weights_are_loaded(checkpoint: Path, train: Callable, prefix: str, plain: bool) -> None:
    """Also in half precision, of a model in DDP, as a plain state dict, without the counts of batches."""
    weights = torch.load(checkpoint)['state_dict']
    kept = {prefix + name: value.half() for name, value in weights.items() if 'num_batches' not in name}
    torch.save(kept if plain else dict(state_dict=kept), checkpoint)
    model = train(TwoParts(), load_from=str(checkpoint))
    assert torch.equal(model.head.weight, weights['head.weight'].half().float())


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda weights: weights.pop('head.bias'), r'missing keys in source state_dict: head\.bias'),
        (lambda weights: weights.update(extra=torch.ones(1)), 'unexpected key in source state_dict: extra'),
        (lambda weights: weights.update({'head.bias': torch.ones(7)}), r'size mismatch for head\.bias'),
    ],
)
@pytest.mark.parametrize('resume', [False, True])
def test_weights_of_another_model_are_refused(
    checkpoint: Path, train: Callable, change: Callable, message: str, resume: bool
) -> None:
    content = torch.load(checkpoint)
    change(content['state_dict'])
    torch.save(content, checkpoint)
    with pytest.raises(ValueError, match=rf'the weights in .*model\.pth are not those of this config: .*{message}'):
        train(TwoParts(), load_from=str(checkpoint), resume=resume)


def test_a_file_without_weights_by_name_is_refused(checkpoint: Path, train: Callable) -> None:
    torch.save([torch.ones(1)], checkpoint)
    with pytest.raises(ValueError, match='are not those of this config'):
        train(TwoParts(), load_from=str(checkpoint))


def test_other_errors_are_not_taken_for_a_mismatch(
    checkpoint: Path, train: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError('out of memory')

    monkeypatch.setattr('mmengine.runner.runner._load_checkpoint', fail)
    with pytest.raises(RuntimeError, match=r'^out of memory$'):
        train(TwoParts(), load_from=str(checkpoint))


def test_what_the_message_advises_starts_from_weights_that_fit_in_part(checkpoint: Path, train: Callable) -> None:
    with pytest.raises(ValueError, match=r"give them as model\.init_cfg=dict\(type='Pretrained', checkpoint='.*model"):
        train(TwoParts(classes=5), load_from=str(checkpoint))
    model = train(TwoParts(classes=5, init_cfg=dict(type='Pretrained', checkpoint=str(checkpoint))))
    weights = torch.load(checkpoint)['state_dict']
    assert torch.equal(model.backbone.weight, weights['backbone.weight'])
    assert model.head.weight.shape == (5, 2)


def test_its_log_has_no_notice_of_mmengines_own_file_client(
    train: Callable, capsys: pytest.CaptureFixture, tmp_path: Path
) -> None:
    train(TwoParts())
    logger = MMLogger.get_instance(str(tmp_path))
    logger.warning('what matters')
    printed = capsys.readouterr().out
    assert 'what matters' in printed
    assert 'FileClient' not in printed
    assert 'HardDiskBackend' not in printed


def test_a_config_may_name_it(tmp_path: Path, checkpoint: Path) -> None:
    """As mmdet's own tools build a Runner."""
    from mmdet.registry import RUNNERS

    model = dict(type='BaseDataPreprocessor')
    cfg = Config(dict(runner_type='StrictRunner', model=model, work_dir=str(tmp_path), log_level='WARNING'))
    assert isinstance(RUNNERS.build(cfg), StrictRunner)
