"""The pages name what exists: links, files, commands with their arguments, settings in commands and configs."""

import argparse
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from mmengine.config import Config, DictAction
from pages import PAGES, ROOT, anchors, blocks, code, commands, prose, read
from settings import check_option
from tools_runner import run

from mmosis.cli import parse_args
from mmosis.utils.config_file import run_name, set_split
from mmosis.web.form import UploadLimits
from mmosis.web.openapi import describe_api

# Its blocks are a project's of their own, which has a test of its own.
ADD_A_MATCHER = 'docs/add_a_matcher.md'
# A block of a config names its file in its first line; the README's has no name.
BLOCKS = [
    (page, *re.fullmatch(r'(?:# (configs/\S+)\n)?(.*)', block, flags=re.DOTALL).groups(default='configs/unnamed.py'))
    for page in PAGES
    for block in blocks(read(page), 'python')
    if '_base_' in block and page != ADD_A_MATCHER  # the others are Python to run
]
LINES = [(page, line) for page in PAGES if page != ADD_A_MATCHER for line in commands(read(page))]
REQUESTS = [line for _, line in LINES if line.startswith('curl ')]
COMMANDS = [(page, line) for page, line in LINES if line not in REQUESTS]


class Parsed(Exception):
    """A tool has read its command line."""


@pytest.fixture(scope='module')
def configs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``configs/``: ours and those of the pages."""
    root = tmp_path_factory.mktemp('root')
    shutil.copytree(ROOT / 'configs', root / 'configs')
    for _, name, block in BLOCKS:
        (root / name).write_text(block)
    return root


@pytest.fixture
def parse(monkeypatch: pytest.MonkeyPatch) -> Callable[..., argparse.Namespace]:
    """Let a tool read its command line, and stop it then."""
    parse_args = argparse.ArgumentParser.parse_args

    def stop(self, *args, **kwargs):
        raise Parsed(parse_args(self, *args, **kwargs))

    def parse(tool: str, *args: str) -> argparse.Namespace:
        monkeypatch.setattr(argparse.ArgumentParser, 'parse_args', stop)
        with pytest.raises(Parsed) as parsed:
            run(tool, *args)
        return parsed.value.args[0]

    return parse


@pytest.mark.parametrize('page', PAGES)
def test_links_lead_to_files_and_headings(page: str) -> None:
    assert broken_links(read(page), ROOT / page) == []


def broken_links(text: str, page: Path) -> list[str]:
    """List the links of a page to files that are not there, or to headings that these do not have."""
    broken = []
    for link in re.findall(r'\]\(([^)]+)', text):
        name, _, anchor = link.partition('#')
        target = page.parent / name if name else page
        if link.startswith('http'):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            broken.append(link)
    return broken


def test_a_broken_link_is_noticed() -> None:
    right = ['web.md#limits', 'images', 'https://example.org#x', '#fast-data']
    wrong = ['web.md#nothing', 'nothing.md', '#limits']
    text = ' '.join(f'[a link]({link})' for link in right + wrong)
    assert broken_links(text, ROOT / 'docs/scale.md') == wrong


@pytest.mark.parametrize(('page', 'name', 'block'), BLOCKS, ids=[f'{page}:{name}' for page, name, _ in BLOCKS])
def test_config_blocks_say_what_is_read(page: str, name: str, block: str, configs: Path) -> None:
    cfg = Config.fromfile(configs / name)
    base = Config.fromfile(configs / 'configs/siamese_mask_rcnn_s1.py')
    assert cfg.model.type == base.model.type
    for loader in {'train_dataloader', 'val_dataloader', 'test_dataloader'} & set(cfg):
        dataset = cfg[loader].dataset
        for part in dataset.get('datasets', [dataset]):  # a mixture has several
            for key in part:
                check_option(base, f'{loader}.dataset.{key}')


def expand(word: str) -> list[str]:
    """Expand a word with a * or ? as a shell does in the root of the repository, where it names files there."""
    found = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob(word)) if {'*', '?'} & set(word) else []
    return found or [word]


@pytest.mark.parametrize(('page', 'line'), COMMANDS)
def test_commands_are_understood(page: str, line: str, configs: Path, parse: Callable) -> None:
    words = [word for written in shlex.split(line, comments=True) for word in expand(written)]
    while words and '=' in words[0]:  # a variable that our scripts read
        name = words.pop(0).partition('=')[0]
        assert any(f'{{{name}:-' in (ROOT / 'tools' / script).read_text() for script in ('dist_run.sh', 'slurm_run.sh'))
    if not words:
        return
    if words[0] == 'tools/slurm_train.sh':  # srun is told the partition and the job, and the tool where it works
        words[0:5] = ['tools/train.py', words[3], '--work-dir', words[4]]
    if words[-1] == '--help' or words[0].startswith(('.ci/', 'tools/misc/')):
        assert all((ROOT / word).is_file() for word in words if '/' in word)
        return
    if words[0] == 'tools/pretrain.sh':
        words[0:1] = ['tools/dist_train.sh', 'configs/pretrain/resnet50_imagenet687.py']
    words[0] = words[0].removeprefix('.venv/bin/')
    tools = ('train.py', 'dist_train.sh', 'dist_test.sh')
    assert words[0] in {'make', 'mmosis', 'pip', 'python', *(f'tools/{tool}' for tool in tools)}
    for word in words:
        if word.startswith(('configs/', 'tools/')):
            assert (ROOT / word).is_file() or (configs / word).is_file(), word
    if words[0] == 'mmosis':
        assert parse_args(words[1:])
    elif words[0] == 'make':
        makefile = (ROOT / 'Makefile').read_text()
        assert re.search(rf'^{words[1]}:', makefile, flags=re.MULTILINE)
        assert all(f'$({word.partition("=")[0]})' in makefile for word in words[2:])
    elif words[1:3] == ['-m', 'pytest']:
        assert all((ROOT / word).exists() for word in words if word.startswith('tests/'))
    elif '-m' in words:
        assert (ROOT / (words[2].replace('.', '/') + '.py')).is_file()
    elif words[0] != 'pip':
        check_tool(words[words[0] == 'python' :], configs, parse)


@pytest.mark.parametrize('line', REQUESTS)
def test_requests_ask_for_what_the_server_has(line: str) -> None:
    (path,) = (word.removeprefix('http://127.0.0.1:7860') for word in shlex.split(line) if word.startswith('http://'))
    known = describe_api(UploadLimits(max_upload_mb=20, max_pixels=10**6))['paths']
    assert any(re.fullmatch(re.sub('{.*?}', '[^/]+', each), path) for each in known)


def check_tool(words: list[str], configs: Path, parse: Callable) -> None:
    """Check the command line of a tool of ours: its arguments, the settings, and the checkpoint's name."""
    tool, *arguments = words
    if tool.endswith('.sh'):  # processes come after the config, and in a test after the checkpoint
        tool = tool.replace('dist_', '').replace('.sh', '.py')
        del arguments[1 if 'train' in tool else 2]
    args = parse(tool, *arguments)
    split = getattr(args, 'split', None)
    splits = split if isinstance(split, list) else [split]  # a study takes several
    for name in getattr(args, 'configs', [args.config] if getattr(args, 'config', None) else []):
        cfg = Config.fromfile(configs / name)
        for key in getattr(args, 'cfg_options', None) or {}:
            check_option(cfg, key)
        for split in filter(None, splits):
            set_split(cfg, split)
        checkpoint = getattr(args, 'checkpoint', 'CHECKPOINT')
        last = f'work_dirs/{run_name(name, splits[0])}/iter_{cfg.get("train_cfg", {}).get("max_iters")}.pth'
        assert checkpoint in {'CHECKPOINT', last} or (ROOT / checkpoint).is_file()


def test_a_wrong_command_is_noticed(configs: Path, parse: Callable) -> None:
    train = ('tools/train.py', 'configs/siamese_mask_rcnn_s1.py')
    with pytest.raises(ValueError, match='unrecognized arguments: --autoscale-lr'):
        check_tool([*train, '--autoscale-lr'], configs, parse)
    with pytest.raises(AssertionError, match=r'train_dataloader\.dataset\.shots'):
        check_tool([*train, '--cfg-options', 'train_dataloader.dataset.shots=5'], configs, parse)
    with pytest.raises(AssertionError, match='radomness'):
        check_tool([*train, '--cfg-options', 'radomness.seed=2'], configs, parse)


def test_dict_action_reads_settings_as_the_page_says() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument('--options', nargs='+', action=DictAction)
    args = parser.parse_args(['--options', 'a.0.milestones=30000,', 'metric=bbox,segm', 'size=128'])
    assert args.options == {'a.0.milestones': [30000], 'metric': ['bbox', 'segm'], 'size': 128}


def test_the_page_of_tools_names_them_all() -> None:
    named = {word for line in code(prose(read('docs/tools.md'))) for word in line.split()}
    tools = {str(path.relative_to(ROOT)) for path in (ROOT / 'tools').rglob('*.py')}
    assert tools - named == set()
