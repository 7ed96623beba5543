"""Reports on dumps that are parts of a test: by hand-made answers."""

import json
from pathlib import Path

import pytest
from episode_results import JUG, MUG, answer, ask, make_truth

from analysis.report import write_report
from mmosis.evaluation import Dump

BOX, OTHER = (10, 10, 40, 40), (100, 100, 40, 40)
FOUND = (1, MUG, BOX, 0.9)


def report(dump: Dump, out: Path) -> dict:
    coco = make_truth({1: [(MUG, BOX)], 2: [(JUG, OTHER)]})
    write_report(dump, coco, str(out), 'title')
    return json.loads((out / 'report.json').read_text())


def test_the_second_run_alone(tmp_path: Path) -> None:
    dump = Dump({}, [ask(1, MUG, 1), ask(2, JUG, 1)], [answer(), answer(FOUND)])
    data = report(dump, tmp_path)
    assert data['overview']['bbox']['mean']['mAP_50'] == pytest.approx(0.5)
    assert data['confusion']['matrix'] == [[pytest.approx(100), 0], [0, 0]]
    assert data['errors']['missed']['count'] == 1
    assert 'references' not in data  # there is nothing to compare with
    assert 'in 1 runs' in (tmp_path / 'report.html').read_text()


def test_runs_of_other_categories(tmp_path: Path) -> None:
    dump = Dump({}, [ask(1, MUG, 0), ask(2, JUG, 2)], [answer(FOUND), answer(), answer((2, JUG, OTHER, 0.9))])
    data = report(dump, tmp_path)
    assert data['categories']['box'] == dict(mug=pytest.approx(100), jug=pytest.approx(100))
    assert data['confusion']['matrix'] == [[pytest.approx(100), 0], [0, pytest.approx(100)]]
    assert data['references'] == {}


def test_absent_categories_alone(tmp_path: Path) -> None:
    dump = Dump({}, [ask(1, JUG, absent=True)], [answer((1, JUG, OTHER, 0.9))])
    data = report(dump, tmp_path)
    assert data['overview']['bbox']['mean']['mAP_50'] is None
    assert data['errors']['background']['count'] == 1


def test_an_analysis_that_fails_leaves_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr('analysis.report._confusion', fail)
    with pytest.raises(ZeroDivisionError):
        report(Dump({}, [ask(1, MUG)], [answer(FOUND)]), tmp_path)
    data = json.loads((tmp_path / 'report.json').read_text())
    assert list(data) == ['overview', 'categories', 'clutter', 'errors']
    assert {path.stem for path in tmp_path.glob('*.png')} == {'categories', 'clutter', 'errors'}
