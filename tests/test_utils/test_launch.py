"""From the command line to a config."""

import argparse
import os
import sys
from pathlib import Path

import pytest

from mmosis.utils.launch import add_config_arguments, load_config, use_cpu_processes

ROOT = Path(__file__).parents[2]
THREADS = ('OMP_NUM_THREADS', 'MKL_NUM_THREADS')
CONFIG = str(ROOT / 'configs/siamese_mask_rcnn_s1.py')


def parse(*words: str, default_config: str | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_config_arguments(parser, default_config)
    return parser.parse_args(words)


def test_work_dir_is_the_argument_else_the_configs_else_its_name() -> None:
    assert load_config(parse(CONFIG, '--work-dir', 'here')).work_dir == 'here'
    assert load_config(parse(CONFIG, '--cfg-options', 'work_dir=there')).work_dir == 'there'
    assert load_config(parse(CONFIG)).work_dir == './work_dirs/siamese_mask_rcnn_s1'


def test_a_split_enters_the_config_and_the_name_of_the_work_dir(capsys: pytest.CaptureFixture) -> None:
    matcher = str(ROOT / 'configs/matchers/mutual_coco.py')
    cfgs = [load_config(parse(matcher, '--split', str(split))) for split in (1, 2)]
    assert [cfg.work_dir for cfg in cfgs] == ['./work_dirs/mutual_coco_s1', './work_dirs/mutual_coco_s2']
    assert [(cfg.split, cfg.test_dataloader.dataset.split) for cfg in cfgs] == [(1, 1), (2, 2)]
    assert load_config(parse(CONFIG, '--split', '2')).work_dir == './work_dirs/siamese_mask_rcnn_s2'
    assert load_config(parse(CONFIG, '--split', '2', '--work-dir', 'here')).work_dir == 'here'
    with pytest.raises(SystemExit):
        parse(CONFIG, '--split', '5')
    assert '--split: invalid choice: 5' in capsys.readouterr().err
    with pytest.raises(ValueError, match=r'siamese_mask_rcnn_full\.py has no split to choose'):
        load_config(parse(str(ROOT / 'configs/siamese_mask_rcnn_full.py'), '--split', '1'))


def test_options_and_launcher_enter_the_config() -> None:
    cfg = load_config(parse(CONFIG, '--cfg-options', 'train_cfg.max_iters=5', 'randomness.seed=3'))
    assert (cfg.train_cfg.max_iters, cfg.randomness.seed, cfg.launcher) == (5, 3, 'none')


def test_default_config() -> None:
    assert parse(default_config=CONFIG).config == CONFIG
    with pytest.raises(SystemExit):
        parse()


def test_missing_config() -> None:
    with pytest.raises(FileNotFoundError, match=r'config nothing\.py does not exist; the configs are in configs/'):
        load_config(parse('nothing.py'))


def test_without_a_gpu_a_tool_becomes_two_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr('os.execv', lambda program, words: calls.append((program, words)))
    monkeypatch.setattr('torch.cuda.is_available', lambda: False)
    monkeypatch.setattr('mmosis.utils.launch.available_cores', lambda: 8)
    monkeypatch.setattr(sys, 'argv', ['tools/demo.py', '--work-dir', 'here'])
    for name in THREADS:
        monkeypatch.setenv(name, '')  # so that it is put back, whether it was set or not
        monkeypatch.delenv(name)
    use_cpu_processes(parse(CONFIG))
    ((program, words),) = calls
    assert program == words[0] == sys.executable
    assert words[1:3] == ['-m', 'mmosis.utils.torchrun']
    assert words[-5:] == ['tools/demo.py', '--work-dir', 'here', '--launcher', 'pytorch']
    assert '--nproc_per_node=2' in words
    assert [os.environ[name] for name in THREADS] == ['4', '4']


def test_a_launcher_or_a_gpu_leaves_the_tool_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('os.execv', lambda *words: pytest.fail('started again'))
    monkeypatch.setattr('torch.cuda.is_available', lambda: False)
    use_cpu_processes(parse(CONFIG, '--launcher', 'pytorch'))
    monkeypatch.setattr('torch.cuda.is_available', lambda: True)
    use_cpu_processes(parse(CONFIG))
