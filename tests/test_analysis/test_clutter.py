import pytest
from episode_results import JUG, MUG, answer, ask, make_truth

from analysis.clutter import ap_by_clutter, cluttered_part
from mmosis.evaluation import Dump

BOX, OTHER = (10, 10, 40, 40), (100, 100, 40, 40)


def test_images_are_grouped_by_the_number_of_all_their_objects() -> None:
    coco = make_truth({1: [(MUG, BOX)], 2: [(MUG, BOX), (JUG, OTHER)], 3: [(MUG, BOX), (MUG, OTHER), (JUG, BOX)]})
    episodes = [ask(img_id, MUG) for img_id in (1, 2, 3)]
    groups = ap_by_clutter(coco, episodes, [answer((1, MUG, BOX, 0.9), (3, MUG, BOX, 0.9))], edges=(1, 2, 3, 9))
    assert {name: group['num_images'] for name, group in groups.items()} == {'1': 1, '2': 1, '3-8': 1}
    assert [group['mean'] for group in groups.values()] == pytest.approx([1, 0, 51 / 101])


def test_crowds_are_no_objects_and_the_last_group_is_open() -> None:
    coco = make_truth({1: [(MUG, BOX), (JUG, OTHER)], 2: [(MUG, BOX), (MUG, OTHER)]}, crowds=[2])
    groups = ap_by_clutter(coco, [ask(1, MUG), ask(2, MUG)], [answer()], edges=(1, 2))
    assert {name: group['num_images'] for name, group in groups.items()} == {'1': 1, '2+': 1}


def test_the_interval_is_that_of_the_runs() -> None:
    coco = make_truth({1: [(MUG, BOX)]})
    episodes = [ask(1, MUG, run) for run in range(2)]
    (group,) = ap_by_clutter(coco, episodes, [answer((1, MUG, BOX, 0.9)), answer()]).values()
    assert group['mean'] == 0.5
    assert group['interval'] == pytest.approx(12.706 * 0.5, rel=1e-3)


def test_the_part_with_many_objects_is_judged_alone() -> None:
    coco = make_truth({1: [(MUG, BOX)], 2: [(MUG, BOX), (JUG, OTHER)]})
    dump = Dump({}, [ask(1, MUG), ask(2, MUG)], [answer((1, MUG, OTHER, 0.9), (2, MUG, BOX, 0.8))])
    part = cluttered_part(dump, coco, 2)
    assert [episode.image_id for episode in part.episodes] == [2]
    assert part.runs[0].image_ids.tolist() == [2]
    assert part.evaluate(coco)['bbox']['mean']['mAP_50'] == 1
    assert dump.evaluate(coco)['bbox']['mean']['mAP_50'] < 1
    assert cluttered_part(dump, coco, 0).episodes == dump.episodes
    with pytest.raises(ValueError, match='no searched image has 3 objects or more'):
        cluttered_part(dump, coco, 3)
