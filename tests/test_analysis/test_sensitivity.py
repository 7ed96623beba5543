import pytest
from episode_results import JUG, MUG, answer, ask, make_truth

from analysis.sensitivity import category_spread, reference_effects
from mmosis.evaluation import judge_run

BOX, OTHER = (10, 10, 40, 40), (100, 100, 40, 40)


def test_spread_over_the_runs_widest_first() -> None:
    spread = category_spread([{MUG: 0.2, JUG: 0.5}, {MUG: 0.4, JUG: 0.5}])
    assert list(spread) == [MUG, JUG]
    assert spread[MUG] == pytest.approx(dict(mean=0.3, std=0.02**0.5, min=0.2, max=0.4))
    assert spread[JUG] == dict(mean=0.5, std=0, min=0.5, max=0.5)


def test_categories_without_a_figure_are_skipped() -> None:
    assert category_spread([{MUG: 0.2, JUG: float('nan')}, {MUG: 0.4}]) == {
        MUG: pytest.approx(dict(mean=0.3, std=0.02**0.5, min=0.2, max=0.4))
    }


def test_references_are_compared_with_the_others_of_the_same_question() -> None:
    """Run 0 finds the mug, run 1 does not; the jug is found in both."""
    coco = make_truth({1: [(MUG, BOX), (JUG, OTHER)]})
    jug = (1, JUG, OTHER, 0.9)
    judgements = [
        judge_run(coco, [ask(1, MUG, 0), ask(1, JUG, 0)], answer((1, MUG, BOX, 0.9), jug)),
        judge_run(coco, [ask(1, MUG, 1), ask(1, JUG, 1)], answer(jug)),
    ]
    effects = reference_effects(judgements)
    assert [(e.episode.category_id, e.episode.run, e.ap, e.effect) for e in effects] == [
        (MUG, 0, pytest.approx(1), pytest.approx(1)),
        (JUG, 0, pytest.approx(1), 0),
        (JUG, 1, pytest.approx(1), 0),
        (MUG, 1, 0, pytest.approx(-1)),
    ]


def test_one_run_has_nothing_to_compare() -> None:
    assert reference_effects([judge_run(make_truth({1: [(MUG, BOX)]}), [ask(1, MUG)], answer())]) == []
