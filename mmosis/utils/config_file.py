"""A config file and what the command line overrides in it."""

import argparse
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config, DictAction

SPLITS = (1, 2, 3, 4)
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def add_cfg_options(parser: argparse.ArgumentParser) -> None:
    """Add mmdet's ``--cfg-options``, for :func:`read_config`."""
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=_CfgOptions,
        help='override settings of the config, as key=value; lists as key="[a,b]" or key=a,b, without white space',
    )


class _CfgOptions(DictAction):
    def __call__(self, parser: argparse.ArgumentParser, namespace: Any, values: Any, option_string: Any = None) -> None:
        try:
            super().__call__(parser, namespace, values, option_string)
        except (ValueError, AssertionError):
            parser.error(f'{option_string} takes key=value, lists as key="[a,b]", got {" ".join(values)}')


def read_config(path: str, options: Mapping[str, Any] | None = None, needs: Sequence[str] = ()) -> Config:
    """Read a config and override settings of it.

    Args:
        path: The file.
        options: As ``--cfg-options`` gives them.
        needs: Settings that it has to have.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no config, lacks a setting, or has no place for an option.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f'config {path} does not exist; the configs are in configs/')
    try:
        cfg = Config.fromfile(path)
    except Exception as error:  # a config is a program
        raise ValueError(f'{path} cannot be read as a config: {type(error).__name__}: {error}') from error
    try:
        cfg.merge_from_dict(dict(options or {}))
    except (AttributeError, KeyError, IndexError, TypeError, AssertionError) as error:
        given = ' '.join(f'{key}={value}' for key, value in options.items())
        raise ValueError(f'the config {path} has no place for {given}: {error}') from error
    missing = [key for key in needs if key not in cfg]
    if missing:
        raise ValueError(f'the config {path} sets no {", ".join(missing)}; it sets {", ".join(cfg) or "nothing"}')
    return cfg


def set_split(cfg: Config, split: int) -> None:
    """Let a config hold out the categories of another split: in its variable ``split`` and in its data sets.

    Data sets without a split, as those of all categories, stay as they are.

    Args:
        cfg: The config, which is changed.
        split: 1, 2, 3 or 4: S1 to S4 of the paper.

    Raises:
        ValueError: If there is no such split, or the config has none that can be chosen.
    """
    if split not in SPLITS:
        raise ValueError(f'split must be 1, 2, 3 or 4 (S1-S4 of the paper), got {split!r}')
    loaders = [cfg[name] for name in LOADERS if cfg.get(name)]
    of_split = [part for loader in loaders for part in _datasets(loader.dataset) if part.get('split') is not None]
    if cfg.get('split') is None or not of_split:
        raise ValueError(
            f'{cfg.filename} has no split to choose: its variable `split` and the `split` of a data set must both be '
            'set, 1 to 4. Leave --split out, or take another config'
        )
    cfg.split = split
    for dataset in of_split:
        dataset.split = split


def _datasets(dataset: Mapping) -> Iterator[Mapping]:
    """List the config of a data set and of those that it wraps."""
    yield dataset
    for part in (*dataset.get('datasets', ()), *filter(None, [dataset.get('dataset')])):
        yield from _datasets(part)


def run_name(config: str, split: int | None = None) -> str:
    """Name the runs of a config: as its file, and after the split where one is chosen.

    Args:
        config: The file. An ending ``_s1`` to ``_s4`` of its name gives way to the split that is chosen.
        split: That of :func:`set_split`; None: the config's own.
    """
    stem = Path(config).stem
    return stem if split is None else re.sub(r'_s[1-4]$', '', stem) + f'_s{split}'
