"""The tables of docs/results.md are those of the raw figures beside them, with box / mask in a cell."""

import json
import re

import pytest
from pages import ROOT, read
from terminaltables import GithubFlavoredMarkdownTable

from mmosis.apis.study_tables import study_table, table_of_splits
from tools.analysis_tools.eval_predictions import split_tables

PAGE = read('docs/results.md')
TABLES = re.findall(r'<!-- (results/[^>]+\.json) -->\n(\|.*?\|)\n\n', PAGE, flags=re.DOTALL)


def load(file: str) -> list:
    """Read raw figures."""
    return json.loads((ROOT / 'docs' / file).read_text())


def cells(table: str) -> list[list[str]]:
    """Read the rows of a table that a command prints, its heading first."""
    lines = [line for line in table.splitlines() if re.match(r'\| *\w', line)]
    return [[cell.strip() for cell in line.strip('|').split('|')] for line in lines]


def study_rows(results: list[dict]) -> list[list[str]]:
    """A row a config (and number of references), a column a set of categories, from what ``tools/study.py`` prints."""
    heading, *rows = cells(study_table(results))
    phases = list(dict.fromkeys(result['phase'] or 'all categories' for result in results))
    fields = [name for name in heading if name in ('config', 'references', 'seeds')]
    found: dict[tuple, dict[str, str]] = {}
    for row in rows:
        figures = dict(zip(heading, row, strict=True))
        line = found.setdefault(tuple(figures[name] for name in fields), {})
        line[figures.get('categories', 'all categories')] = f'{figures["box"]} / {figures["mask"]}'
    return [[*fields, *phases], *([*line, *(figures[phase] for phase in phases)] for line, figures in found.items())]


def split_rows(name: str, results: list) -> list[list[str]]:
    """A row a test on four splits, box / mask in a cell, from what ``eval_predictions.py`` prints."""
    lines = cells(split_tables(results))
    heading, *rows = zip(lines[: len(lines) // 2], lines[len(lines) // 2 :], strict=True)
    named = ([box[0] if 'published' in box[0] else f'{name}, {box[0]}', box, mask] for box, mask in rows)
    joined = [[row, *map(' / '.join, zip(box[1:], mask[1:], strict=True))] for row, box, mask in named]
    return [['mAP50', *heading[0][1:]], *joined]


def make_table(files: list[str]) -> str:
    """Make a table of the page from its raw figures."""
    if 'in_full' in files[0]:
        return table_of_splits(load(files[0]))
    if 'splits' not in files[0]:
        return GithubFlavoredMarkdownTable(study_rows(load(files[0]))).table
    names = [re.search(r'splits_(\w+)', file)[1] for file in files]
    rows = [row for name, file in zip(names, files, strict=True) for row in split_rows(name, load(file))]
    ours = [row for row in rows if 'published' not in row[0]]
    return GithubFlavoredMarkdownTable(list({row[0]: row for row in (*ours, *rows)}.values())).table


@pytest.mark.parametrize(('files', 'table'), TABLES, ids=[files for files, _ in TABLES])
def test_a_table_is_that_of_its_raw_figures(files: str, table: str) -> None:
    assert table == make_table(files.split())


def test_all_raw_figures_are_shown() -> None:
    shown = {file for files, _ in TABLES for file in files.split()}
    assert shown == {f'results/{path.name}' for path in (ROOT / 'docs/results').glob('*.json')}
    assert PAGE.count('<!-- results/') == len(TABLES)
