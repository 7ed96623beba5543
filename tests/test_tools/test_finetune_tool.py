"""tools/finetune.py, run as a user runs it: in two processes where there is no GPU."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tools_runner import ROOT, STEPS, run, run_processes

from mmosis.search.model_zoo import find_model

TOOL = 'tools/finetune.py'
# Images at the size that they have, and few regions.
SMALL = (
    'train_dataloader.dataset.pipeline.3.window_size=64',
    'train_dataloader.dataset.pipeline.4.scale=(64,64)',
    'train_dataloader.dataset.pipeline.6.size=(64,64)',
    'test_dataloader.dataset.pipeline.1.scale=(64,64)',
    'test_dataloader.dataset.pipeline.2.size=(64,64)',
    'model.test_cfg.rpn.max_per_img=20',
)


@pytest.mark.slow
def test_one_command_tables_before_and_after(scenes: Path, options: list[str], tmp_path: Path) -> None:
    others = ('data_root', 'batch_size', 'max_iters')
    output = run_processes(
        *(sys.executable, TOOL, scenes, '--work-dir', tmp_path, '--steps', str(STEPS)),
        *(option for option in options if not any(key in option for key in others)),
        'train_dataloader.batch_size=2',
        *SMALL,
    )
    assert (tmp_path / 'table.txt').read_text() in output
    assert set(json.loads((tmp_path / 'table.json').read_text())) == {'before', 'after'}
    (checkpoint,) = re.findall(r'Checkpoint: (\S+)\. Table: ', output)
    assert Path(checkpoint) == tmp_path / f'iter_{STEPS}.pth'
    assert Path(checkpoint).is_file()


@pytest.mark.slow
def test_wrong_input_is_one_line_of_two_processes(tmp_path: Path) -> None:
    command = [sys.executable, TOOL, str(tmp_path / 'nothing'), '--work-dir', str(tmp_path / 'work')]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    message = f'data folder {tmp_path / "nothing"} does not exist'
    assert (done.returncode, done.stderr) == (2, f'finetune.py: error: {message}\n')


def test_no_steps_are_one_line(scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('mmosis.utils.launch.use_cpu_processes', lambda args: None)
    message = 'finetune.py: error: steps must be a whole number, at least 1, got 0\n'
    with pytest.raises(ValueError, match=f'^{message}$'):
        run(TOOL, scenes, '--steps', '0', '--work-dir', tmp_path)


def test_names_and_a_split_exclude_each_other() -> None:
    with pytest.raises(ValueError, match='--split and --one-shot-classes both say what is held out: give one of them'):
        run(TOOL, 'data/mine', '--split', '2', '--one-shot-classes', 'mug')


def test_names_and_weights_reach_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls = []
    monkeypatch.setattr('mmosis.utils.launch.use_cpu_processes', lambda args: None)
    monkeypatch.setattr('mmosis.apis.run_finetune', lambda cfg, *rest: calls.append(rest) or ('TABLE', 'new.pth'))
    settings = ('--weights', 'start.pth', '--work-dir', tmp_path)
    printed = run(TOOL, 'data/mine', *settings, '--one-shot-classes', 'mug,coffee maker', '--resume', '--steps', '2000')
    assert calls == [('data/mine', 'start.pth', ['mug', 'coffee maker'], True, 2000)]
    assert printed == f'TABLE\nCheckpoint: new.pth. Table: {tmp_path}/table.txt\n'
    run(TOOL, 'data/mine', *settings[2:])
    assert calls[1:] == [('data/mine', str(find_model()[1]), None, False, None)], 'not from the default model'
