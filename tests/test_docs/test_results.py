"""The tables of docs/results.md are those of the raw figures beside them."""

import json
import re

import pytest
from pages import ROOT, read

from mmosis.apis.study_tables import study_table, table_of_splits
from mmosis.evaluation import split_tables

PAGE = read('docs/results.md')
# The others are studies; splits are what eval_predictions.py prints.
MAKERS = dict(splits=split_tables, full=table_of_splits)
TABLES = re.findall(r'<!-- (results/\S+\.json) -->\n\n(?:```text\n)?([|+].*?[|+])\n(?:```)?\n', PAGE, flags=re.DOTALL)


@pytest.mark.parametrize(('file', 'table'), TABLES, ids=[file for file, _ in TABLES])
def test_a_table_is_that_of_its_raw_figures(file: str, table: str) -> None:
    make_table = next((maker for word, maker in MAKERS.items() if word in file), study_table)
    assert table == make_table(json.loads((ROOT / 'docs' / file).read_text()))


def test_all_raw_figures_are_shown() -> None:
    assert {file for file, _ in TABLES} == {f'results/{path.name}' for path in (ROOT / 'docs/results').glob('*.json')}
    assert PAGE.count('<!-- results/') == len(TABLES)
