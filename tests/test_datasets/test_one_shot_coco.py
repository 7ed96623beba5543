"""Which images and categories the dataset takes; the tiny set is described in ``conftest.py``."""

import pytest
import torch
from mmengine.config import ConfigDict

from mmosis.compat.checkpoint import load_weights_file
from mmosis.datasets import one_shot_coco

DIFFERENT_IMAGES = dict(type='ReferenceSampler', replace=False)


def _img_ids(dataset) -> list[int]:
    return [dataset.get_data_info(i)['img_id'] for i in range(len(dataset))]


def _active(dataset) -> list[str]:
    names = dict(zip(dataset.metainfo['cat_ids'], dataset.metainfo['classes'], strict=True))
    return [names[cat_id] for cat_id in dataset.metainfo['eval_cat_ids']]


def _without_categories(*cat_ids):
    return lambda annotations: [a for a in annotations if a['category_id'] not in cat_ids]


@pytest.mark.parametrize(
    ('phase', 'names', 'img_ids'),
    [
        ('background', ['bicycle', 'car', 'motorcycle', 'truck'], [7, 3, 12, 5, 9, 31]),
        ('one-shot', ['person', 'airplane'], [3, 12, 20, 9, 31]),
        ('all', ['person', 'bicycle', 'car', 'motorcycle', 'airplane', 'truck'], [7, 3, 12, 5, 20, 9, 31]),
    ],
)
def test_a_phase_has_its_categories_and_the_images_that_show_them(tiny_dataset, phase, names, img_ids):
    for test_mode in (False, True):
        dataset = tiny_dataset(phase=phase, test_mode=test_mode)
        assert _active(dataset) == names
        assert _img_ids(dataset) == img_ids


def test_metainfo_tells_the_file_and_its_categories(tiny_dataset, tiny_coco):
    root = tiny_coco()
    metainfo = tiny_dataset(root, phase='one-shot').metainfo
    assert metainfo['classes'][:2] == ('person', 'bicycle')
    assert metainfo['cat_ids'] == [10, 20, 30, 40, 50, 60, 70, 80]
    assert metainfo['eval_cat_ids'] == [10, 50]
    assert (metainfo['protocol']['phase'], metainfo['ann_file']) == ('one-shot', str(root / 'annotations.json'))


@pytest.mark.parametrize(
    ('split', 'names'), [(1, ['person', 'airplane']), (2, ['bicycle']), (3, ['car']), (4, ['motorcycle', 'truck'])]
)
def test_splits_follow_the_order_of_the_file(tiny_dataset, split, names):
    assert _active(tiny_dataset(split=split, phase='one-shot')) == names
    assert not set(_active(tiny_dataset(split=split, phase='background'))) & set(names)


def test_the_order_of_the_file_rules_not_the_ids(tiny_dataset, tiny_coco):
    root = tiny_coco(categories=lambda categories: categories[1:] + categories[:1])
    assert _active(tiny_dataset(root, split=1, phase='one-shot')) == ['bicycle']
    assert _active(tiny_dataset(root, split=4, phase='one-shot')) == ['airplane', 'person']


@pytest.mark.parametrize(
    ('settings', 'names'),
    [
        (dict(one_shot_classes=['car'], phase='one-shot'), ['car']),
        (dict(one_shot_classes=['car']), ['person', 'bicycle', 'motorcycle', 'airplane', 'truck']),
        (dict(background_classes=['car', 'person']), ['person', 'car']),
        (
            dict(background_classes=['car', 'person'], phase='one-shot'),
            ['bicycle', 'motorcycle', 'airplane', 'truck'],
        ),
        (dict(background_classes=['car'], one_shot_classes=['truck'], phase='one-shot'), ['truck']),
    ],
)
def test_names_may_be_given_instead_of_a_split(tiny_dataset, settings, names):
    assert _active(tiny_dataset(**settings)) == names


def test_phase_all_needs_no_split(tiny_dataset):
    assert len(_active(tiny_dataset(split=None, phase='all'))) == 6


@pytest.mark.parametrize('test_mode', [False, True])
def test_categories_with_too_few_images_are_skipped_and_named_in_one_line(tiny_dataset, mmengine_log, test_mode):
    dataset = tiny_dataset(test_mode=test_mode)
    assert not {'bus', 'train'} & set(_active(dataset))
    (record,) = [record for record in mmengine_log.records if 'fewer than' in record.message]
    assert record.levelname == 'WARNING'
    assert record.message == (
        f'2 of {2 + len(_active(dataset))} background categories are skipped: {dataset.ann_file} shows them in '
        "fewer than 2 image(s), one to search and the others to give references: 'bus' (1), 'train' (0)"
    )


def test_of_very_many_skipped_categories_the_first_are_named(tiny_dataset, mmengine_log, monkeypatch):
    monkeypatch.setattr(one_shot_coco, 'NAMED_CATEGORIES', 1)
    tiny_dataset()
    assert mmengine_log.text.count("to give references: 'bus' (1) and 1 more") == 1


def test_references_without_replacement_need_more_images(tiny_dataset, mmengine_log):
    dataset = tiny_dataset(num_references=3, reference_sampler=DIFFERENT_IMAGES)
    assert _active(dataset) == ['car']
    assert 'fewer than 4 image(s), one to search and the others to give references: ' in mmengine_log.text
    assert "'truck' (3)" in mmengine_log.text


def test_where_all_can_be_searched_nothing_is_said(tiny_dataset, mmengine_log):
    tiny_dataset(split=None, background_classes=['car', 'truck'])
    assert 'fewer than' not in mmengine_log.text


def test_skipped_images_are_counted_in_the_log(tiny_dataset, mmengine_log):
    tiny_dataset()
    assert '6 of 8 images of ' in mmengine_log.text
    assert 'show one of the 4 background categories; the others are skipped' in mmengine_log.text


def test_a_category_that_shows_only_as_crowd_is_not_searched_for(tiny_dataset, tiny_coco):
    def crowd_the_car_of_image_5(annotations):
        return [dict(a, iscrowd=1) if a['id'] == 112 else a for a in annotations]

    dataset = tiny_dataset(tiny_coco(annotations=crowd_the_car_of_image_5), one_shot_classes=['car'], phase='one-shot')
    assert _img_ids(dataset) == [7, 3, 31]


# Annotated images by id: 3, 5, 7, 9, 12, 20, 31.
@pytest.mark.parametrize(('num', 'part', 'rest'), [(3, {12, 20, 31}, {3, 5, 7, 9}), (4, {9, 12, 20, 31}, {3, 5, 7})])
def test_the_last_annotated_images_are_held_back_for_every_split(tiny_dataset, num, part, rest):
    for split in (1, 2, 3, 4):
        for held_back, expected in ((True, part), (False, rest)):
            settings = dict(split=split, num_held_back=num, held_back=held_back)
            assert set(_img_ids(tiny_dataset(phase='all', **settings))) == expected
            assert set(_img_ids(tiny_dataset(phase='background', **settings))) <= expected


def test_references_come_from_the_own_part(tiny_dataset):
    for held_back, part in ((True, {12, 20, 31}), (False, {3, 5, 7, 9})):
        dataset = tiny_dataset(phase='all', num_held_back=3, held_back=held_back)
        drawn = {dataset.draw_episodes(draw)[1][0].references[0].img_id for draw in range(60)}
        assert drawn == part


BAD_SETTINGS = [
    (dict(phase='novel'), r"phase must be one of \('background', 'one-shot', 'all'\), got 'novel'"),
    (dict(phase=None), 'phase must be one of .*, got None'),
    (dict(split=5), r'split must be 1, 2, 3 or 4 \(S1-S4 of the paper\), got 5'),
    (
        dict(split=1, one_shot_classes=['car']),
        'give either split or background_classes / one_shot_classes, got both',
    ),
    (dict(split=None), r"phase 'background' needs split=1\.\.4 or one_shot_classes; without them use phase='all'"),
    (dict(split=None, phase='one-shot'), "phase 'one-shot' needs split=1"),
    (dict(one_shot_classes=['zebra']), "annotations.json has no category 'zebra'; it has person, bicycle, car,"),
    (dict(background_classes=['zebra']), "annotations.json has no category 'zebra'; it has person, bicycle, car,"),
    (
        dict(background_classes=['car', 'bus', 'person'], one_shot_classes=['person', 'bus']),
        'a category is either background or one-shot, got as both: bus, person',
    ),
    (dict(num_held_back=7), 'num_held_back must leave images to train on: .* has 7 annotated images, got 7'),
    (dict(num_held_back=-1), 'num_held_back must be at least 0 if held_back=False, got -1'),
    (dict(held_back=True), 'num_held_back must be at least 1 if held_back=True, got 0'),
    (dict(runs=0), 'runs and num_episodes must be at least 1 and num_absent at least 0, got 0, 1 and 0'),
    (dict(num_absent=-1), 'runs and num_episodes must be at least 1 and num_absent at least 0, got 1, 1 and -1'),
    (dict(num_references=0), 'the number of references an episode must be at least 1, got 0'),
    (
        dict(num_references=5, reference_sampler=DIFFERENT_IMAGES),
        'no image shows one of the background categories; check split and phase',
    ),
]


@pytest.mark.parametrize(('settings', 'message'), BAD_SETTINGS)
def test_bad_settings_are_refused(tiny_dataset, settings, message):
    with pytest.raises(ValueError, match=message):
        tiny_dataset(**settings)


def test_a_file_without_anything_to_search_is_refused(tiny_dataset, tiny_coco):
    root = tiny_coco(annotations=_without_categories(20, 30, 40, 60, 80))
    with pytest.raises(ValueError, match='no image shows one of the background categories; check split and phase'):
        tiny_dataset(root)


def test_a_missing_or_bad_annotation_file_is_refused(tiny_dataset, tiny_coco):
    with pytest.raises(FileNotFoundError, match=r'annotation file .*/none\.json does not exist'):
        tiny_dataset(ann_file='none.json')
    with pytest.raises(ValueError, match='"annotations" is missing or empty'):
        tiny_dataset(tiny_coco(annotations=[]))


def test_names_may_stand_in_text_files(tiny_dataset, tiny_coco):
    root = tiny_coco()
    (root / 'held_out.txt').write_text('car\nbus\n\n')
    (root / 'seen.txt').write_text('bicycle\n')
    settings = dict(one_shot_classes='held_out.txt', background_classes='seen.txt')
    assert _active(tiny_dataset(root, **settings, phase='one-shot')) == ['car']  # bus shows in one image only
    assert _active(tiny_dataset(root, **settings, phase='background')) == ['bicycle']


def test_a_missing_list_of_names_is_refused(tiny_dataset, tiny_coco):
    with pytest.raises(FileNotFoundError, match=r'there is no list of category names .*held_out.txt; give one name a'):
        tiny_dataset(tiny_coco(), one_shot_classes='held_out.txt')


def test_same_image_makes_a_category_of_one_image_searchable(tiny_dataset):
    assert 'bus' not in _active(tiny_dataset(phase='background'))
    dataset = tiny_dataset(phase='background', reference_sampler=dict(type='ReferenceSampler', same_image=True))
    assert 'bus' in _active(dataset)
    (info,) = (info for info in map(dataset.get_data_info, range(len(dataset))) if info['img_id'] == 9)
    (episode,) = (episode for episode in dataset.list_episodes(info) if episode.label == 5)
    assert episode.references[0].img_id == 9


def test_metainfo_is_plain_so_that_a_checkpoint_of_a_training_loads(tiny_dataset, tmp_path):
    """The Runner saves it in every checkpoint, and a config's settings come as ConfigDict, which no safe load takes."""
    dataset = tiny_dataset(reference_sampler=ConfigDict(type='ReferenceSampler', same_image=True))
    assert type(dataset.metainfo['protocol']['reference_sampler']) is dict
    torch.save(dict(meta=dict(dataset_meta=dataset.metainfo)), tmp_path / 'a.pth')
    assert load_weights_file(tmp_path / 'a.pth')['meta']['dataset_meta']['protocol']['phase'] == 'background'


def test_images_that_are_searched_or_give_references_must_exist(tiny_dataset, tiny_coco, tiny_pipelines):
    """Under S1, h.png shows nothing, and e.jpg one-shot categories alone: it gives references, and is not searched."""
    root = tiny_coco()
    (root / 'images/h.png').unlink()
    assert len(tiny_dataset(root)) == 6
    (root / 'images/e.jpg').unlink()
    with pytest.raises(FileNotFoundError, match=r'annotations\.json: 1 of 7 images are not there; .*: .*e\.jpg$'):
        tiny_dataset(root)
    without_files = tiny_pipelines['ref'][1:]
    assert len(tiny_dataset(root, ref_pipeline=without_files)) == 6
    (root / 'images/a.jpg').unlink()
    with pytest.raises(FileNotFoundError, match=r'1 of 6 images are not there; .*: .*a\.jpg$'):
        tiny_dataset(root, ref_pipeline=without_files)
    assert len(tiny_dataset(root, ref_pipeline=without_files, pipeline=[])) == 6
