"""A config file and what the command line overrides in it."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config, DictAction


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
