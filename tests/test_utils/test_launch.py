"""From the command line to a config."""

import argparse
from pathlib import Path

import pytest

from mmosis.utils.launch import add_config_arguments, load_config

ROOT = Path(__file__).parents[2]
CONFIG = str(ROOT / 'configs/siamese_mask_rcnn_s1.py')


def parse(*words: str, default_config: str | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_config_arguments(parser, default_config)
    return parser.parse_args(words)


def test_work_dir_is_the_argument_else_the_configs_else_its_name() -> None:
    assert load_config(parse(CONFIG, '--work-dir', 'here')).work_dir == 'here'
    assert load_config(parse(CONFIG, '--cfg-options', 'work_dir=there')).work_dir == 'there'
    assert load_config(parse(CONFIG)).work_dir == './work_dirs/siamese_mask_rcnn_s1'


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
