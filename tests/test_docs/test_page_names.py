"""Names in backticks on the pages are names of the code: files, folders, classes, functions, arguments and settings."""

import ast
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest
from pages import PAGES, ROOT, blocks, code, prose, read

SOURCES = ('mmosis', 'analysis', 'configs', 'tools', 'benchmarks', 'projects')
PATH = re.compile(r'[\w.*\[\]?-]+(?:/[\w.*\[\]?-]+)*/?')
SCRIPT = re.compile(r'[a-z][\w*\[\]?-]*\.(?:py|sh)')
FILE = re.compile(r'\S*(?:/\S+|\.(?:py|sh|md|yml|json|jpg|png|pth|h5|safetensors|parquet)\b)')
# ThisCase, this_case and this.case; other words say too little to be looked up.
NAME = re.compile(
    r'(?<![\w./-])(?:[A-Z][a-z0-9]+[A-Z]\w*|[a-z]\w*_\w+|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)(?![\w/*-]|\.\w)'
)
# Folders of a checkout that are its user's, not the repository's.
USERS = {'data', 'checkpoints', 'work_dirs'}
# Names of other people's code that ours does not use, of tests, and of examples.
FOREIGN = {
    'DETECTION_NMS_THRESHOLD',  # of the published code
    'KindRoIHead',  # of an earlier version
    *('accumulative_counts', 'deterministic'),
    *('loss_rpn_cls', 'loss_rpn_bbox', 'supervision', 'Detections', 'from_mmdetection'),
    *('BinaryX', 'my_project', 'page', 'example', 'org', 'radomness'),
    *('free_port', 'tmp_path', 'tools_runner'),
}


def names_of(source: str) -> set[str]:
    """Collect all names of Python source: what it defines, uses, passes, and its strings that could be names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        for field in ('id', 'attr', 'arg', 'name', 'module', 'value', 'asname'):
            value = getattr(node, field, None)
            if isinstance(value, str) and ' ' not in value:
                found.update(re.findall(r'\w+', value))
    return found


@cache
def code_names() -> frozenset[str]:
    """All names of our code and of the names of its files."""
    files = [path for folder in SOURCES for path in (ROOT / folder).rglob('*.py')]
    return frozenset({path.stem for path in files}.union(*(names_of(path.read_text()) for path in files)))


def is_known(name: str, known: Iterable[str]) -> bool:
    """Whether a dotted name is of our code: a module with a name in it, or all its parts are names somewhere."""
    *folders, last = parts = name.split('.')
    if parts[0] not in SOURCES:
        return set(parts) <= known
    module = ROOT.joinpath(*folders)
    if ROOT.joinpath(*parts).is_dir() or ROOT.joinpath(*parts).with_suffix('.py').is_file():
        return True
    file = module / '__init__.py' if module.is_dir() else module.with_suffix('.py')
    return file.is_file() and last in names_of(file.read_text())


def missing_names(text: str) -> list[str]:
    """List the names of a page that are neither in our code nor in the page's own blocks."""
    known = (code_names() | FOREIGN).union(*(names_of(block) for block in blocks(text, 'python')))
    named = [name for span in code(prose(text)) for name in NAME.findall(FILE.sub(' ', span))]
    return [name for name in named if not is_known(name, known)]


def missing_files(text: str, folder: Path) -> list[str]:
    """List the paths of a page that name no file or folder of the repository, and scripts that no folder has."""
    own = {path.name for path in (*ROOT.iterdir(), folder) if path.is_dir()} - USERS
    configs = {path.name for path in (ROOT / 'configs').iterdir() if path.is_dir()}
    made = {match for block in blocks(text, 'python') for match in re.findall(r'\A# (\S+)\n', block)}
    missing = []
    for word in (word for span in code(prose(text)) for word in span.split()):
        first = word.partition('/')[0]
        if word in made or not PATH.fullmatch(word):
            continue
        if '/' in word and first in configs:
            found = any((ROOT / 'configs').glob(word))
        elif '/' in word and first in own:
            found = any(ROOT.glob(word))
        elif SCRIPT.fullmatch(word):
            found = any(next((ROOT / part).rglob(word), None) for part in (*SOURCES, 'tests') if (ROOT / part).is_dir())
        else:
            continue
        if not found:
            missing.append(word)
    return missing


@pytest.mark.parametrize('page', PAGES)
def test_names_are_names_of_the_code(page: str) -> None:
    assert missing_names(read(page)) == []


@pytest.mark.parametrize('page', PAGES)
def test_files_are_there(page: str) -> None:
    assert missing_files(read(page), (ROOT / page).parent) == []


def test_a_wrong_name_is_noticed() -> None:
    wrong = ['draw_episode', 'OneShotCocoDatasets', 'mmosis.apis.no_tool', 'Episode.cat_no']
    right = ['draw_episodes(0)', 'OneShotCocoDataset', 'mmosis.apis.study_tables.study_table', 'Episode.cat_id']
    assert missing_names(' '.join(f'`{name}`' for name in wrong + right)) == wrong


def test_a_wrong_path_is_noticed() -> None:
    wrong = ['docs/nothing.md', 'demo/nothing_*.py', 'nothing.py']
    right = ['docs/data_flow.md', 'demo/*_s1.py', 'benchmark.py', 'tools/*/report.py', 'found/nothing.json']
    assert missing_files(' '.join(f'`{name}`' for name in wrong + right), ROOT) == wrong
