"""A config file: read, overridden, or refused in a sentence."""

import argparse
from pathlib import Path

import pytest

from mmosis.utils.config_file import add_cfg_options, read_config

GOOD = 'model = dict(type="A")\nhooks = [dict(interval=1)]\n'


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / 'config.py').write_text(GOOD)
    return str(tmp_path / 'config.py')


def test_options_override(config: str) -> None:
    cfg = read_config(config, {'model.type': 'B', 'hooks.0.interval': 5}, needs=['model', 'hooks'])
    assert (cfg.model.type, cfg.hooks[0].interval) == ('B', 5)


@pytest.mark.parametrize(
    ('name', 'text', 'told'),
    [
        ('a.py', 'model = dict(', r'a\.py cannot be read as a config: SyntaxError'),
        ('b.py', 'model = unknown', r"b\.py cannot be read as a config: NameError: name 'unknown' is not defined"),
        ('c.py', "_base_ = './gone.py'", r'c\.py cannot be read as a config: FileNotFoundError: .*gone\.py'),
        ('d.py', "custom_imports = dict(imports=['gone_module'])", r'd\.py cannot be read as a config: ImportError'),
        ('e.txt', GOOD, r'e\.txt cannot be read as a config: OSError: Only py/yml/yaml/json'),
        ('f.json', '{', r'f\.json cannot be read as a config: '),
        ('g.yml', 'a: [', r'g\.yml cannot be read as a config: '),
        ('h.py', '', r'the config .*h\.py sets no model; it sets nothing'),
        ('i.json', '{"images": [], "annotations": []}', r'i\.json sets no model; it sets images, annotations'),
    ],
)
def test_what_is_no_config_is_refused(tmp_path: Path, name: str, text: str, told: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=told):
        read_config(str(tmp_path / name), needs=['model'])


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / 'nothing.py'):
        with pytest.raises(FileNotFoundError, match=f'config {path} does not exist; the configs are in configs/'):
            read_config(str(path))


@pytest.mark.parametrize('key', ['model.type.deeper', 'hooks.7.interval', 'hooks.first.interval'])
def test_an_option_without_a_place_is_refused(config: str, key: str) -> None:
    with pytest.raises(ValueError, match=rf'config\.py has no place for {key}=3: '):
        read_config(config, {key: 3})


@pytest.mark.parametrize('given', ['nonsense', 'a=[1,2'])
def test_options_are_pairs(capsys: pytest.CaptureFixture, given: str) -> None:
    parser = argparse.ArgumentParser(prog='tool.py')
    add_cfg_options(parser)
    assert parser.parse_args(['--cfg-options', 'a.b=[1,2]', 'c=x']).cfg_options == {'a.b': [1, 2], 'c': 'x'}
    with pytest.raises(SystemExit):
        parser.parse_args(['--cfg-options', given])
    told = capsys.readouterr().err.splitlines()[-1]
    assert told == f'tool.py: error: --cfg-options takes key=value, lists as key="[a,b]", got {given}'
