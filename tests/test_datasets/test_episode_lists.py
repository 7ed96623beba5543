"""Test episodes: with absent categories, and replayed from a file."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mmosis.structures import EpisodeRecord, save_episodes

PERSON, BICYCLE, CAR, AIRPLANE = 10, 20, 30, 50
CROWD, DEGENERATE = 105, 110


def absent_of(dataset) -> dict[int, set[int]]:
    """Absent categories by image."""
    records = [record for record in dataset.episode_records() if record.absent]
    return {record.image_id: {r.category_id for r in records if r.image_id == record.image_id} for record in records}


def shown_in(root: Path) -> dict[int, set[int]]:
    annotations = json.loads((root / 'annotations.json').read_text())['annotations']
    return {
        a['image_id']: {b['category_id'] for b in annotations if b['image_id'] == a['image_id']} for a in annotations
    }


def test_absent_categories_are_not_in_the_image_and_have_references_in_every_run(
    tiny_dataset: Callable, tiny_coco
) -> None:
    root = tiny_coco()
    dataset = tiny_dataset(root, test_mode=True, phase='all', num_absent=2, runs=3)
    shown = shown_in(root)
    absent = absent_of(dataset)
    assert set(absent) == {record.image_id for record in dataset.episode_records()}
    for img_id, cat_ids in absent.items():
        assert not cat_ids & shown[img_id]
        assert 1 <= len(cat_ids) <= 2
    runs = {(r.image_id, r.category_id): 0 for r in dataset.episode_records()}
    for record in dataset.episode_records():
        runs[record.image_id, record.category_id] += 1
        assert len(record.reference_ids) == 1
    assert set(runs.values()) == {3}


def test_a_category_that_shows_only_as_crowd_is_not_absent(tiny_dataset: Callable, tiny_coco) -> None:
    def crowd_the_car_of_image_5(annotations):
        return [dict(a, iscrowd=1) if a['id'] == 112 else a for a in annotations]

    root = tiny_coco(annotations=crowd_the_car_of_image_5)
    dataset = tiny_dataset(root, test_mode=True, phase='all', num_absent=9)
    assert CAR not in absent_of(dataset)[5]


def test_without_asking_there_are_none_and_the_others_stay_the_same(tiny_dataset: Callable, tiny_coco) -> None:
    root = tiny_coco()
    plain = tiny_dataset(root, test_mode=True, phase='all').episode_records()
    harder = tiny_dataset(root, test_mode=True, phase='all', num_absent=2).episode_records()
    assert not any(record.absent for record in plain)
    assert [record for record in harder if not record.absent] == plain


def test_the_files_negatives_decide_where_it_has_them(tiny_dataset: Callable, tiny_coco) -> None:
    """As in LVIS: elsewhere an image may show an object that nobody has marked."""
    root = tiny_coco(images=lambda images: [dict(i, neg_category_ids=[AIRPLANE, PERSON]) for i in images])
    absent = absent_of(tiny_dataset(root, test_mode=True, phase='all', num_absent=5))
    shown = shown_in(root)
    assert absent == {i: {AIRPLANE, PERSON} - shown[i] for i in absent}
    assert absent[7] == {AIRPLANE, PERSON}


# ---------------------------------------------------------------- replay


@pytest.fixture
def root(tiny_coco: Callable) -> Path:
    return tiny_coco()


@pytest.mark.parametrize(
    'settings', [dict(runs=3, num_references=2, seed=4), dict(num_absent=2), dict(phase='background')]
)
def test_a_file_replays_exactly(tiny_dataset: Callable, root: Path, settings: dict) -> None:
    drawn = tiny_dataset(root, test_mode=True, **{'phase': 'one-shot', **settings})
    save_episodes(root / 'episodes.json', drawn.metainfo['protocol'], drawn.episode_records())
    replayed = tiny_dataset(root, test_mode=True, episodes_file=str(root / 'episodes.json'))
    assert sorted(replayed.episode_records()) == sorted(drawn.episode_records())
    assert replayed.metainfo['protocol'] == drawn.metainfo['protocol']
    assert replayed.metainfo['eval_cat_ids'] == drawn.metainfo['eval_cat_ids']
    for idx in range(len(drawn)):
        one, other = drawn[idx], replayed[idx]
        assert one['data_samples'].episodes == other['data_samples'].episodes
        assert one['ref_inputs'].equal(other['ref_inputs'])


def test_only_the_images_of_the_file_are_searched(tiny_dataset: Callable, root: Path) -> None:
    save_episodes(root / 'episodes.json', {}, [EpisodeRecord(31, 0, CAR, (102,))])
    dataset = tiny_dataset(root, test_mode=True, episodes_file=str(root / 'episodes.json'))
    assert len(dataset) == 1
    ((reference,),) = (episode.references for episode in dataset[0]['data_samples'].episodes)
    assert (reference.ann_id, reference.img_id) == (102, 7)


@pytest.mark.parametrize(
    ('record', 'message'),
    [
        (
            EpisodeRecord(99, 0, CAR, (102,)),
            'asks for category 30 in image 99, and the annotation file does not have both',
        ),
        (
            EpisodeRecord(7, 0, 99, (102,)),
            'asks for category 99 in image 7, and the annotation file does not have both',
        ),
        (EpisodeRecord(7, 2, CAR, (999,)), 'takes annotation 999 as a reference of category 30 for image 7'),
        (EpisodeRecord(7, 0, CAR, (100,)), 'takes annotation 100 as a reference of category 30'),
        (
            EpisodeRecord(7, 0, BICYCLE, (CROWD,)),
            'and the annotation file has none such that can serve; give the file that',
        ),
        (EpisodeRecord(7, 0, CAR, (DEGENERATE,)), 'takes annotation 110 as a reference of category 30'),
    ],
)
def test_episodes_that_the_annotations_do_not_have_are_refused(
    tiny_dataset: Callable, root: Path, record: EpisodeRecord, message: str
) -> None:
    save_episodes(root / 'episodes.json', {}, [record])
    with pytest.raises(ValueError, match=message):
        tiny_dataset(root, test_mode=True, episodes_file=str(root / 'episodes.json'))


def test_a_replay_says_how_many_images_it_searches(tiny_dataset: Callable, root: Path, mmengine_log) -> None:
    save_episodes(root / 'episodes.json', {}, [EpisodeRecord(31, 0, CAR, (102,))])
    tiny_dataset(root, test_mode=True, episodes_file=str(root / 'episodes.json'))
    assert '1 of 8 images of ' in mmengine_log.text
    assert 'are searched in ' in mmengine_log.text


def test_episodes_of_a_file_are_not_for_training(tiny_dataset: Callable, root: Path) -> None:
    with pytest.raises(ValueError, match=r'episodes of a file are for tests; set test_mode=True to replay a\.json'):
        tiny_dataset(root, episodes_file='a.json')


@pytest.mark.parametrize('sampler_type', ['ReferenceSampler', 'ShuffledReferenceSampler'])
def test_a_replay_has_the_masks_too(
    tiny_dataset: Callable, root: Path, tiny_pipelines: dict, sampler_type: str
) -> None:
    masked = [tiny_pipelines['ref'][0], dict(type='LoadReferenceMask'), *tiny_pipelines['ref'][1:]]
    settings = dict(test_mode=True, ref_pipeline=masked, reference_sampler=dict(type=sampler_type, with_masks=True))
    drawn = tiny_dataset(root, phase='one-shot', **settings)
    save_episodes(root / 'episodes.json', drawn.metainfo['protocol'], drawn.episode_records())
    replayed = tiny_dataset(root, episodes_file=str(root / 'episodes.json'), **settings)
    for idx in range(len(drawn)):
        one, other = drawn[idx], replayed[idx]
        assert one['data_samples'].episodes == other['data_samples'].episodes
        assert one['ref_inputs'].shape[2] == 4
        assert one['ref_inputs'].equal(other['ref_inputs'])
