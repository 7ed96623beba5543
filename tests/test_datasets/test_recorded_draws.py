"""Draws are those that were recorded once: however references are kept, trainings and tests stay the same."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mmosis.structures import Episode, Reference

# Of draws 0 to 11: the image, and the references of its category.
TRAINING = [
    (9, [(40, 106, 106), (20, 103, 108)]),
    (5, [(40, 118, 106), (30, 120, 104)]),
    (7, [(20, 108, 108), (30, 112, 120)]),
    (12, [(20, 101, 103), (80, 121, 114)]),
    (31, [(20, 101, 103), (30, 112, 102)]),
    (3, [(30, 120, 120), (20, 100, 108)]),
    (5, [(80, 121, 121), (30, 120, 120)]),
    (3, [(80, 109, 121), (30, 112, 112)]),
    (7, [(30, 120, 104), (20, 108, 108)]),
    (12, [(80, 121, 121), (20, 103, 100)]),
    (9, [(30, 112, 104), (40, 113, 106)]),
    (31, [(30, 112, 112), (80, 109, 109)]),
]
# Of each image: category, run, whether it is absent, and the references.
TESTING = {
    7: [
        (20, 0, False, 108),
        (20, 1, False, 108),
        (30, 0, False, 120),
        (30, 1, False, 104),
        (40, 0, True, 118),
        (40, 1, True, 113),
    ],
    3: [
        (20, 0, False, 100),
        (20, 1, False, 101),
        (30, 0, False, 120),
        (30, 1, False, 120),
        (40, 0, False, 113),
        (40, 1, False, 118),
        (80, 0, True, 114),
        (80, 1, True, 114),
    ],
    12: [
        (20, 0, False, 103),
        (20, 1, False, 103),
        (80, 0, False, 121),
        (80, 1, False, 121),
        (40, 0, True, 113),
        (40, 1, True, 106),
    ],
    5: [
        (30, 0, False, 120),
        (30, 1, False, 104),
        (40, 0, False, 118),
        (40, 1, False, 106),
        (80, 0, False, 109),
        (80, 1, False, 109),
        (20, 0, True, 108),
        (20, 1, True, 103),
    ],
    9: [(40, 0, False, 113), (40, 1, False, 113), (30, 0, True, 104), (30, 1, True, 102)],
    31: [
        (30, 0, False, 104),
        (30, 1, False, 102),
        (80, 0, False, 114),
        (80, 1, False, 114),
        (40, 0, True, 113),
        (40, 1, True, 113),
    ],
}
SHUFFLED = {
    7: [
        (20, 0, False, 108),
        (20, 1, False, 100),
        (30, 0, False, 120),
        (30, 1, False, 112),
        (40, 0, True, 118),
        (40, 1, True, 106),
    ],
    3: [
        (20, 0, False, 108),
        (20, 1, False, 103),
        (30, 0, False, 120),
        (30, 1, False, 104),
        (40, 0, False, 113),
        (40, 1, False, 118),
        (80, 0, True, 109),
        (80, 1, True, 121),
    ],
    12: [
        (20, 0, False, 103),
        (20, 1, False, 101),
        (80, 0, False, 114),
        (80, 1, False, 121),
        (60, 0, True, 119),
        (60, 1, True, 119),
    ],
    5: [
        (30, 0, False, 104),
        (30, 1, False, 112),
        (40, 0, False, 106),
        (40, 1, False, 113),
        (80, 0, False, 114),
        (80, 1, False, 109),
        (60, 0, True, 119),
        (60, 1, True, 119),
    ],
    9: [
        (40, 0, False, 106),
        (40, 1, False, 118),
        (60, 0, False, 119),
        (60, 1, False, 119),
        (30, 0, True, 104),
        (30, 1, True, 112),
    ],
    31: [
        (30, 0, False, 102),
        (30, 1, False, 120),
        (80, 0, False, 121),
        (80, 1, False, 109),
        (60, 0, True, 119),
        (60, 1, True, 119),
    ],
}


def _ids(episode: Episode) -> list[int]:
    return [reference.ann_id for reference in episode.references]


def test_training_draws_are_those_recorded(tiny_dataset) -> None:
    dataset = tiny_dataset(num_references=2, absent_prob=0.3, num_episodes=2, seed=3)
    drawn = [dataset.draw_episodes(draw) for draw in range(12)]
    assert [(info['img_id'], [(e.cat_id, *_ids(e)) for e in episodes]) for info, episodes in drawn] == TRAINING


@pytest.mark.parametrize(('rule', 'recorded'), [('ReferenceSampler', TESTING), ('ShuffledReferenceSampler', SHUFFLED)])
def test_test_episodes_are_those_recorded(tiny_dataset, rule: str, recorded: dict) -> None:
    sampler = dict(type=rule, min_size=17, with_masks=True)
    dataset = tiny_dataset(test_mode=True, reference_sampler=sampler, runs=2, num_absent=1, seed=3)
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    listed = {
        info['img_id']: [(e.cat_id, e.run, e.absent, *_ids(e)) for e in dataset.list_episodes(info)] for info in infos
    }
    assert listed == recorded


def test_a_reference_is_what_the_file_says(tiny_dataset) -> None:
    dataset = tiny_dataset(test_mode=True, reference_sampler=dict(type='ReferenceSampler', with_masks=True))
    (reference,) = dataset.list_episodes(dataset.get_data_info(0))[0].references
    annotations = json.loads(Path(dataset.ann_file).read_text())['annotations']
    (mask,) = [annotation['segmentation'] for annotation in annotations if annotation['id'] == 108]
    assert reference.img_path == f'{dataset.data_root}/images/c.jpg'
    assert replace(reference, img_path='') == Reference(108, 12, '', (8.0, 10.0, 48.0, 40.0), (100, 70), mask)
    assert {type(value) for value in (*reference.bbox, *reference.img_shape)} == {float, int}
    assert {type(value) for value in (reference.ann_id, reference.img_id)} == {int}
