"""The tables of docs/results.md are those of the raw figures beside them."""

import json
import re

import pytest
from pages import ROOT, read

from mmosis.apis.study import study_table

PAGE = read('docs/results.md')
TABLES = re.findall(r'<!-- (results/\S+\.json) -->\n\n(\|.*?\|)\n\n', PAGE, flags=re.DOTALL)


@pytest.mark.parametrize(('file', 'table'), TABLES, ids=[file for file, _ in TABLES])
def test_a_table_is_that_of_its_raw_figures(file: str, table: str) -> None:
    assert table == study_table(json.loads((ROOT / 'docs' / file).read_text()))


def test_all_raw_figures_are_shown() -> None:
    assert {file for file, _ in TABLES} == {f'results/{path.name}' for path in (ROOT / 'docs/results').glob('*.json')}
    assert PAGE.count('<!-- results/') == len(TABLES)
