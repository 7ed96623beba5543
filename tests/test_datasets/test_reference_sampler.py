import itertools
import random
from collections import Counter

import numpy as np
import pytest

from mmosis.datasets import ImageRecord, ReferenceSampler, ShuffledReferenceSampler

DRAWS = 4000
TOLERANCE = 0.035  # more than four standard deviations of a fraction of DRAWS


def _record(img_id: int, num_instances: int, label: int = 0, ignored: int = 0) -> ImageRecord:
    """An image whose annotations are numbered 100 * img_id, 100 * img_id + 1, ...; the last ones are crowds."""
    instances = [
        dict(
            ann_id=100 * img_id + number,
            bbox=[number, 0, number + 5, 5],
            bbox_label=label,
            ignore_flag=int(number >= num_instances),
        )
        for number in range(num_instances + ignored)
    ]
    return ImageRecord(img_id, f'{img_id}.jpg', (10, 20), instances)


def _draw(sampler: ReferenceSampler, img_id: int, label: int = 0) -> list[tuple]:
    rng = np.random.default_rng(0)
    return [sampler.draw(label, img_id, rng) for _ in range(DRAWS)]


def _fractions(values: list) -> dict:
    return {value: count / len(values) for value, count in Counter(values).items()}


def test_an_image_is_drawn_first_then_an_instance_in_it():
    sampler = ReferenceSampler([_record(1, 1), _record(2, 9), _record(3, 1)])
    drawn = [reference for (reference,) in _draw(sampler, img_id=3)]
    assert _fractions([reference.img_id for reference in drawn]) == pytest.approx({1: 0.5, 2: 0.5}, abs=TOLERANCE)
    expected = {100: 0.5, **{200 + number: 0.5 / 9 for number in range(9)}}
    assert _fractions([reference.ann_id for reference in drawn]) == pytest.approx(expected, abs=TOLERANCE)


@pytest.mark.parametrize('searched', [1, 2, 3, 4])
def test_the_searched_image_is_never_drawn_and_the_others_equally(searched):
    sampler = ReferenceSampler([_record(img_id, img_id) for img_id in (1, 2, 3, 4)])
    fractions = _fractions([reference.img_id for (reference,) in _draw(sampler, searched)])
    assert fractions == pytest.approx(dict.fromkeys({1, 2, 3, 4} - {searched}, 1 / 3), abs=TOLERANCE)


def test_a_reference_says_where_it_comes_from():
    sampler = ReferenceSampler([_record(1, 1), _record(2, 1)])
    ((reference,), *_) = _draw(sampler, img_id=1)
    assert (reference.ann_id, reference.img_id, reference.img_path) == (200, 2, '2.jpg')
    assert (reference.bbox, reference.img_shape) == ((0.0, 0.0, 5.0, 5.0), (10, 20))


def test_crowds_are_never_drawn_and_do_not_count():
    sampler = ReferenceSampler([_record(1, 1), _record(2, 2, ignored=3), _record(3, 0, ignored=2)])
    assert {reference.ann_id for (reference,) in _draw(sampler, img_id=1)} == {200, 201}
    assert sampler.num_images(0) == 2


def test_categories_do_not_mix():
    sampler = ReferenceSampler([_record(1, 2, label=4), _record(2, 2, label=4), _record(3, 2), _record(4, 2)])
    assert {reference.img_id for (reference,) in _draw(sampler, img_id=1, label=4)} == {2}
    assert [sampler.num_images(label) for label in (0, 1, 4)] == [2, 0, 2]


def test_several_references_are_independent_draws_as_published():
    sampler = ReferenceSampler([_record(img_id, 2) for img_id in (1, 2, 3)], num=2)
    drawn = _draw(sampler, img_id=3)
    images = _fractions([tuple(reference.img_id for reference in references) for references in drawn])
    assert images == pytest.approx({(1, 1): 0.25, (1, 2): 0.25, (2, 1): 0.25, (2, 2): 0.25}, abs=TOLERANCE)
    same = np.mean([first.ann_id == second.ann_id for first, second in drawn])
    assert same == pytest.approx(1 / 4, abs=TOLERANCE)


def test_without_replacement_they_come_from_different_images():
    sampler = ReferenceSampler([_record(img_id, 3) for img_id in (1, 2, 3, 4)], num=2, replace=False)
    images = _fractions(
        [tuple(reference.img_id for reference in references) for references in _draw(sampler, img_id=2)]
    )
    orders = [(1, 3), (3, 1), (1, 4), (4, 1), (3, 4), (4, 3)]
    assert images == pytest.approx(dict.fromkeys(orders, 1 / 6), abs=TOLERANCE)


@pytest.mark.parametrize(('num', 'replace', 'needed'), [(1, True, 2), (5, True, 2), (1, False, 2), (5, False, 6)])
def test_images_that_a_category_needs(num, replace, needed):
    enough = ReferenceSampler([_record(img_id, 2) for img_id in range(needed)], num, replace)
    assert enough.min_images == needed
    assert len(enough.draw(0, 0, np.random.default_rng(0))) == num
    too_few = ReferenceSampler([_record(img_id, 2) for img_id in range(needed - 1)], num, replace)
    message = (
        rf'category 0 needs {needed} images to give {num} reference\(s\) from images other than the searched one, '
        f'got {needed - 1}'
    )
    with pytest.raises(ValueError, match=message):
        too_few.draw(0, 0, np.random.default_rng(0))


def test_an_unknown_category_gives_no_references():
    with pytest.raises(ValueError, match=r'category 7 needs 2 images .* got 0'):
        ReferenceSampler([_record(1, 1), _record(2, 1)]).draw(7, 1, np.random.default_rng(0))


@pytest.mark.parametrize('num', [0, -1])
def test_no_references_are_refused(num):
    with pytest.raises(ValueError, match=f'the number of references an episode must be at least 1, got {num}'):
        ReferenceSampler([], num)


def test_same_image_lets_the_searched_image_give_references():
    sampler = ReferenceSampler([_record(img_id, img_id) for img_id in (1, 2, 3)], same_image=True)
    fractions = _fractions([reference.img_id for (reference,) in _draw(sampler, img_id=2)])
    assert fractions == pytest.approx(dict.fromkeys((1, 2, 3), 1 / 3), abs=TOLERANCE)


@pytest.mark.parametrize(
    ('num', 'replace', 'same_image', 'min_images'),
    [(1, True, False, 2), (3, True, False, 2), (3, False, False, 4), (1, True, True, 1), (3, False, True, 3)],
)
def test_min_images_suffice_and_one_less_does_not(num, replace, same_image, min_images):
    settings = dict(num=num, replace=replace, same_image=same_image)
    enough = ReferenceSampler([_record(img_id, 1) for img_id in range(min_images)], **settings)
    assert enough.min_images == min_images
    assert len(enough.draw(0, 0, np.random.default_rng(0))) == num
    others = [_record(100, 1, label=1)]
    too_few = ReferenceSampler([*others, *(_record(img_id, 1) for img_id in range(min_images - 1))], **settings)
    with pytest.raises(ValueError, match=f'category 0 needs {min_images} images'):
        too_few.draw(0, 0, np.random.default_rng(0))


def _boxes(img_id: int, *bboxes: tuple[float, float, float, float]) -> ImageRecord:
    instances = [
        dict(ann_id=100 * img_id + number, bbox=list(bbox), bbox_label=0, ignore_flag=0)
        for number, bbox in enumerate(bboxes)
    ]
    return ImageRecord(img_id, f'{img_id}.jpg', (100, 100), instances)


def _drawn_ids(sampler: ReferenceSampler, img_id: int) -> set[int]:
    return {reference.ann_id for (reference,) in _draw(sampler, img_id)}


def test_small_objects_can_be_excluded():
    images = [_boxes(1, (0, 0, 50, 50)), _boxes(2, (0, 0, 40, 9), (0, 50, 40, 60)), _boxes(3, (0, 0, 5, 5))]
    sampler = ReferenceSampler(images, min_size=10)
    assert sampler.num_images(0) == 2
    assert _drawn_ids(sampler, img_id=1) == {201}


def test_what_lies_in_the_image_must_be_large_enough():
    """The first box of each image is large, and less than 10 pixels of it are in the image."""
    images = [_boxes(1, (-40, 0, 9, 50), (0, 0, 10, 50)), _boxes(2, (92, 92, 130, 130)), _boxes(3, (95, 0, 160, 90))]
    sampler = ReferenceSampler(images, min_size=10)
    assert [ann_id for ann_id in (100, 101, 200, 300) if sampler.find(0, ann_id)] == [101]


def test_thin_objects_can_be_excluded():
    """The crop has every pixel that the box touches: 50 by 5 and 51 by 6."""
    images = [_boxes(1, (0, 0, 50, 5), (0.5, 0.5, 50.5, 5.5)), _boxes(2, (0, 0, 51, 5), (-9, 0, 4, 50))]
    sampler = ReferenceSampler(images, max_aspect=10)
    assert [ann_id for ann_id in (100, 101, 200, 201) if sampler.find(0, ann_id)] == [100, 101]
    with pytest.raises(ValueError, match='max_aspect must be at least 1, got 0'):
        ReferenceSampler(images, max_aspect=0)


def test_covered_objects_can_be_excluded():
    """In image 2 a quarter of the first is covered, in image 3 half of it; a crowd covers as well."""
    images = [
        _boxes(1, (0, 0, 20, 20)),
        _boxes(2, (0, 0, 20, 20), (10, 10, 90, 90)),
        _boxes(3, (0, 0, 20, 20), (10, 0, 90, 90)),
    ]
    assert _drawn_ids(ReferenceSampler(images, min_visibility=0.7), img_id=1) == {200, 201, 301}
    images[2].instances[1]['ignore_flag'] = 1
    assert _drawn_ids(ReferenceSampler(images, min_visibility=0.7), img_id=1) == {200, 201}


@pytest.mark.parametrize('settings', [dict(min_size=-1), dict(min_visibility=1.5), dict(min_visibility=-0.1)])
def test_limits_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match='min_size must be at least 0 and min_visibility in 0-1, got'):
        ReferenceSampler([], **settings)


def test_an_image_without_the_category_takes_from_all_others():
    """As an absent category does: no image is excluded, and none is preferred."""
    sampler = ReferenceSampler([_record(img_id, 1) for img_id in (1, 2, 3)])
    fractions = _fractions([reference.img_id for (reference,) in _draw(sampler, img_id=9)])
    assert fractions == pytest.approx(dict.fromkeys((1, 2, 3), 1 / 3), abs=TOLERANCE)


def test_instances_are_found_by_id():
    sampler = ReferenceSampler([_record(1, 2), _record(2, 1, label=4), _record(3, 1, ignored=1)])
    assert sampler.find(0, 101).img_id == 1
    assert sampler.find(0, 300).ann_id == 300
    assert sampler.find(4, 200).img_path == '2.jpg'
    assert sampler.find(4, 101) is sampler.find(0, 200) is sampler.find(7, 101) is None  # another category
    assert sampler.find(0, 301) is sampler.find(0, 999) is None  # a crowd; nothing


# ---------------------------------------------------------------- shuffled


def _take(sampler: ReferenceSampler, img_id: int, run: int = 0) -> list[int]:
    references = sampler.draw(0, img_id, np.random.default_rng(img_id), run)
    return [reference.ann_id for reference in references]


def test_shuffled_takes_positions_of_a_list_that_python_shuffles_by_image_id():
    """As CoAE and BHRL do; written out here on its own."""
    images = [_record(img_id, img_id) for img_id in (3, 1, 2)]
    instances = [100, 200, 201, 300, 301, 302]
    sampler = ShuffledReferenceSampler(images)
    for img_id in (1, 7, 123):
        order = list(range(len(instances)))
        random.seed(img_id)
        random.shuffle(order)
        expected = [instances[position] for position in order]
        assert [_take(sampler, img_id, run)[0] for run in range(8)] == expected + expected[:2]


def test_shuffled_gives_each_run_the_next_references():
    sampler = ShuffledReferenceSampler([_record(img_id, 2) for img_id in (1, 2, 3)], num=2)
    taken = [_take(sampler, 5, run) for run in range(3)]
    assert sorted(itertools.chain(*taken)) == [100, 101, 200, 201, 300, 301]
    assert taken == [_take(sampler, 5, run) for run in range(3)]
    assert taken != [_take(sampler, 6, run) for run in range(3)]


def test_shuffled_knows_its_images_and_limits():
    sampler = ShuffledReferenceSampler([_boxes(1, (0, 0, 50, 50), (0, 0, 5, 5))], min_size=10)
    assert sampler.min_images == 1  # The searched image may give the reference.
    assert {tuple(_take(sampler, 1, run)) for run in range(5)} == {(100,)}


# ---------------------------------------------------------------- masks


def _masked(img_id: int, *masks: list | dict | None) -> ImageRecord:
    """An image whose annotations have these masks, None for one without."""
    record = _record(img_id, len(masks))
    for instance, mask in zip(record.instances, masks, strict=True):
        instance.update({} if mask is None else dict(mask=mask))
    return record


POLYGON, RLE = [[0, 0, 5, 0, 5, 5]], dict(size=[10, 20], counts='abc')


@pytest.mark.parametrize('sampler_type', [ReferenceSampler, ShuffledReferenceSampler])
def test_references_carry_their_masks_on_wish(sampler_type):
    images = [_masked(1, POLYGON, None), _masked(2, RLE)]
    drawn = [
        r
        for run in range(20)
        for r in sampler_type(images, with_masks=True).draw(0, 9, np.random.default_rng(run), run)
    ]
    assert {r.ann_id: r.segmentation for r in drawn} == {100: POLYGON, 101: None, 200: RLE}
    without = [r for run in range(20) for r in sampler_type(images).draw(0, 9, np.random.default_rng(run), run)]
    assert [r.ann_id for r in without] == [r.ann_id for r in drawn]  # masks change no draw
    assert {r.segmentation for r in without} == {None}


def test_a_found_instance_has_its_mask():
    images = [_masked(1, POLYGON), _masked(2, RLE)]
    assert ReferenceSampler(images, with_masks=True).find(0, 200).segmentation == RLE
    assert ReferenceSampler(images).find(0, 200).segmentation is None
