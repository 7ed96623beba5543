"""A config file: read, overridden, or refused in a sentence."""

import argparse
from pathlib import Path

import pytest
from mmengine.config import Config

from mmosis.utils.config_file import add_cfg_options, read_config, run_name, set_split

GOOD = 'model = dict(type="A")\nhooks = [dict(interval=1)]\n'


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / 'config.py').write_text(GOOD)
    return str(tmp_path / 'config.py')


def test_options_override(config: str) -> None:
    cfg = read_config(config, {'model.type': 'B', 'hooks.0.interval': 5}, needs=['model', 'hooks'])
    assert (cfg.model.type, cfg.hooks[0].interval) == ('B', 5)


@pytest.mark.parametrize(
    ('name', 'text', 'message'),
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
def test_what_is_no_config_is_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=message):
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
    message = capsys.readouterr().err.splitlines()[-1]
    assert message == f'tool.py: error: --cfg-options takes key=value, lists as key="[a,b]", got {given}'


def config_of(*datasets: dict, split: int | None = 1) -> Config:
    """A config whose loaders, of which one is missing, have these data sets."""
    loaders = ('train_dataloader', 'test_dataloader')
    loaders = {name: dict(dataset=dataset) for name, dataset in zip(loaders, datasets, strict=True)}
    return Config(dict(split=split, val_dataloader=None, **loaders))


def test_a_split_is_set_wherever_one_is_held_out() -> None:
    wrapped = dict(type='RepeatDataset', dataset=dict(split=1))
    mixture = dict(type='EpisodeMixture', datasets=[dict(split=1), dict(split=None, phase='all'), dict(), wrapped])
    cfg = config_of(mixture, dict(split=1))
    set_split(cfg, 3)
    parts = cfg.train_dataloader.dataset.datasets
    assert (cfg.split, cfg.test_dataloader.dataset.split) == (3, 3)
    assert [part.get('split', '-') for part in parts] == [3, None, '-', '-']
    assert parts[3].dataset.split == 3


@pytest.mark.parametrize(
    'cfg',
    [
        config_of(dict(split=1), dict(split=1), split=None),
        config_of(dict(split=None), dict()),
        Config(dict(model=dict())),
    ],
    ids=['no variable', 'no data set', 'neither'],
)
def test_a_config_without_a_split_is_refused(cfg: Config) -> None:
    message = 'has no split to choose: its variable `split` and the `split` of a data set must both be set, 1 to 4'
    with pytest.raises(ValueError, match=message):
        set_split(cfg, 2)


@pytest.mark.parametrize('split', [0, 5, '2'])
def test_there_are_four_splits(split: object) -> None:
    with pytest.raises(ValueError, match=rf'split must be 1, 2, 3 or 4 \(S1-S4 of the paper\), got {split!r}'):
        set_split(config_of(dict(split=1), dict(split=1)), split)


@pytest.mark.parametrize(
    ('file', 'split', 'name'),
    [
        ('configs/a/some.py', None, 'some'),
        ('some_s1.py', None, 'some_s1'),
        ('some.py', 2, 'some_s2'),
        ('some_s1.py', 1, 'some_s1'),
        ('some_s1.py', 4, 'some_s4'),
        ('some_s1_5shot.py', 4, 'some_s1_5shot_s4'),
    ],
)
def test_runs_are_named_after_the_split_that_is_chosen(file: str, split: int | None, name: str) -> None:
    assert run_name(file, split) == name
