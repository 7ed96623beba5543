"""CheckFiniteHook: a loss that is not finite stops the training before it does harm."""

import os
from pathlib import Path

import pytest
import torch
from mmengine.runner import Runner
from one_weight import Draws, OneWeight, settings, train_one_weight

from mmosis.compat.checkpoint import load_from_local

INFINITE = float('inf')


@pytest.mark.parametrize('value', [float('nan'), INFINITE, -INFINITE])
def test_a_loss_that_is_not_finite(tmp_path: Path, value: float) -> None:
    train_one_weight(tmp_path / 'before', max_iters=2)
    model = OneWeight()
    with pytest.raises(FloatingPointError) as caught:
        train_one_weight(tmp_path / 'run', model=model, dataset=Draws({5: value}))
    message = str(caught.value)
    assert message.startswith('the loss is not finite at iteration 3: loss')
    assert f'loss_a={value:.4g}, loss_b=0.' in message
    assert 'Batch: draw 4 of seed 0 (4.jpg); draw 5 of seed 0 (5.jpg). The weights are as before. ' in message
    assert 'lower the learning rate (optim_wrapper.optimizer.lr)' in message
    assert message.endswith('and go on with --resume')
    kept = load_from_local(tmp_path / 'run' / 'iter_2.pth', map_location='cpu')
    assert model.weight.item() == kept['state_dict']['weight'].item()
    assert model.weight.grad is None
    assert [name for name in os.listdir(tmp_path / 'run') if name.endswith('.pth')] == ['iter_2.pth']


def test_weights_that_are_not_finite_are_not_saved(tmp_path: Path) -> None:
    """The loss of iteration 1 is finite, its step is not, and no loss comes before the checkpoint."""
    optim_wrapper = dict(optimizer=dict(type='SGD', lr=INFINITE))
    with pytest.raises(FloatingPointError, match=r'weight, one of 1 weights, is not finite after iteration 1: nothing'):
        train_one_weight(tmp_path, optim_wrapper=optim_wrapper, checkpoint=dict(interval=1))
    assert not list(tmp_path.glob('*.pth'))


def test_samples_without_a_draw_and_without_samples(tmp_path: Path) -> None:
    runner = Runner(**settings(tmp_path))
    hook = next(hook for hook in runner.hooks if type(hook).__name__ == 'CheckFiniteHook')
    hook.before_train(runner)
    nan = [torch.tensor(float('nan'))]
    with pytest.raises(FloatingPointError, match='Batch: without samples'):
        runner.model(inputs=nan, mode='loss')
    sample = Draws()[0]['data_samples']
    del sample.draw
    with pytest.raises(FloatingPointError, match=r'Batch: 0\.jpg\.'):
        runner.model(inputs=nan, data_samples=[sample], mode='loss')
    runner.model(inputs=nan, mode='predict')
    hook.after_train(runner)
    runner.model(inputs=nan, mode='loss')
