"""The progress bar counts steps and says the loss."""

from types import SimpleNamespace

import pytest
import torch

from mmosis.engine import ProgressBarHook


def test_counts_training_steps_from_where_a_resume_starts(capsys: pytest.CaptureFixture) -> None:
    hook = ProgressBarHook()
    hook.before_train(SimpleNamespace(max_iters=5, iter=3))
    for batch_idx in range(2):
        hook.after_train_iter(None, batch_idx, outputs=dict(loss=torch.tensor(1.25)))
    hook.after_train(None)
    printed = capsys.readouterr().out
    assert 'train, loss 1.25' in printed
    assert '5/5' in printed


def test_counts_test_batches(capsys: pytest.CaptureFixture) -> None:
    hook = ProgressBarHook()
    hook.before_test(SimpleNamespace(test_dataloader=[0] * 4))
    for batch_idx in range(3):
        hook.after_test_iter(None, batch_idx)
    hook.after_test(None)
    assert '3/4' in capsys.readouterr().out


def test_silent_beside_the_main_process(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr('mmosis.engine.hooks.progress_bar_hook.is_main_process', lambda: False)
    hook = ProgressBarHook()
    hook.before_train(SimpleNamespace(max_iters=1, iter=0))
    hook.after_train_iter(None, 0, outputs=dict(loss=torch.tensor(1.0)))
    hook.after_train(None)
    assert capsys.readouterr().out == ''
