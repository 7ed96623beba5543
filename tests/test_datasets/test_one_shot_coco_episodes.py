"""What one item of the dataset is, in training and in testing."""

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from mmosis.structures import Episode
from mmosis.utils.coco_file import load_coco

CAR, BICYCLE = 2, 1
DIFFERENT_IMAGES = dict(type='ReferenceSampler', replace=False)
CROWD, DEGENERATE = 105, 110


def _cut(path, fraction=0.5):
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * fraction)])


def _change(ann_id, **values):
    return lambda annotations: [dict(a, **values) if a['id'] == ann_id else a for a in annotations]


def _no_flip(pipeline):
    return [step for step in pipeline if step['type'] != 'RandomFlip']


@pytest.fixture
def drawn(tiny_dataset, tiny_pipelines):
    """Training samples of draws 0 to 79, without flips, by (image, label of the category)."""
    dataset = tiny_dataset(pipeline=_no_flip(tiny_pipelines['train']))
    samples = [dataset[draw]['data_samples'] for draw in range(80)]
    return {(sample.img_id, sample.episodes[0].label): sample for sample in samples}


def test_a_training_item_is_one_image_with_one_episode(tiny_dataset):
    dataset = tiny_dataset(num_references=2, seed=4)
    item = dataset[17]
    assert (item['inputs'].shape, item['inputs'].dtype) == ((3, 64, 64), torch.uint8)
    assert (item['ref_inputs'].shape, item['ref_inputs'].dtype) == ((2, 3, 32, 32), torch.uint8)
    sample = item['data_samples']
    (episode,) = sample.episodes
    assert isinstance(episode, Episode)
    assert episode.cat_id == dataset.metainfo['cat_ids'][episode.label]
    assert len(episode.references) == 2
    assert sample.draw == sample.gt_instances.draw == (4, 17)


def test_every_image_and_category_of_the_phase_is_drawn(drawn):
    assert set(drawn) == {
        *[(7, 1), (7, 2), (3, 1), (3, 2), (3, 3), (12, 1), (12, 7), (5, 2), (5, 3), (5, 7), (9, 3), (31, 2), (31, 7)]
    }


def test_only_the_category_is_kept_as_match(drawn):
    sample = drawn[7, BICYCLE]
    assert sample.gt_instances.labels.tolist() == [0, 0]
    # Image 7 is 80x100, in the input 51x64.
    expected = torch.tensor([[5.0, 5, 35, 25], [50, 40, 75, 70]]) * torch.tensor([64 / 100, 51 / 80] * 2)
    torch.testing.assert_close(sample.gt_instances.bboxes.tensor, expected)
    assert sample.gt_instances.masks.masks.shape == (2, 64, 64)
    assert len(sample.ignored_instances.bboxes) == 0
    assert len(drawn[7, CAR].gt_instances.bboxes) == 1


def test_crowds_of_the_category_are_ignored_and_others_dropped(drawn):
    sample = drawn[3, BICYCLE]
    assert len(sample.gt_instances.bboxes) == 1
    # Image 3 is 64x96, in the input 43x64.
    expected = torch.tensor([[66.0, 5, 94, 55]]) * torch.tensor([64 / 96, 43 / 64] * 2)
    torch.testing.assert_close(sample.ignored_instances.bboxes.tensor, expected)
    assert len(drawn[3, CAR].ignored_instances.bboxes) == 0


@pytest.mark.parametrize(
    'settings', [dict(), dict(num_references=3), dict(num_references=2, reference_sampler=DIFFERENT_IMAGES)]
)
def test_references_show_the_category_in_another_image(tiny_dataset, settings):
    dataset = tiny_dataset(**settings)
    categories = {}
    for i in range(len(dataset)):
        info = dataset.get_data_info(i)
        categories.update({instance['ann_id']: instance['bbox_label'] for instance in info['instances']})
    for draw in range(60):
        info, (episode,) = dataset.draw_episodes(draw)
        for reference in episode.references:
            assert reference.img_id != info['img_id']
            assert categories[reference.ann_id] == episode.label
            assert reference.ann_id not in (CROWD, DEGENERATE)
    assert {CROWD, DEGENERATE} & set(categories) == {CROWD}


def test_a_reference_is_the_crop_of_its_box(tiny_dataset, tiny_coco):
    root = tiny_coco()
    dataset = tiny_dataset(root)
    for draw in range(20):
        (reference,) = dataset.draw_episodes(draw)[1][0].references
        image = cv2.imread(reference.img_path)
        x1, y1, x2, y2 = (round(value) for value in reference.bbox)
        crop = image[y1:y2, x1:x2]
        scale = 32 / max(crop.shape[:2])
        pixels = dataset[draw]['ref_inputs'][0].numpy().transpose(1, 2, 0)
        expected = np.zeros((32, 32, 3))
        height, width = (round(side * scale) for side in crop.shape[:2])
        top, left = (32 - height) // 2, (32 - width) // 2
        expected[top : top + height, left : left + width] = cv2.resize(crop, (width, height))
        np.testing.assert_array_equal(pixels, expected)


def test_all_images_come_once_in_every_round_of_draws_and_in_another_order(tiny_dataset):
    dataset = tiny_dataset()
    rounds = [[dataset.draw_episodes(6 * epoch + d)[0]['img_id'] for d in range(6)] for epoch in range(4)]
    assert all(sorted(order) == [3, 5, 7, 9, 12, 31] for order in rounds)
    assert len({tuple(order) for order in rounds}) == 4


def test_the_categories_of_an_image_are_drawn_equally_and_independently_of_the_other_images(tiny_dataset):
    dataset = tiny_dataset()
    drawn = {}
    for draw in range(6 * 200):
        info, (episode,) = dataset.draw_episodes(draw)
        drawn.setdefault(info['img_id'], []).append(episode.label)
    # Two categories in each of these.
    first = {img_id: np.array(drawn[img_id]) == label for img_id, label in ((7, 1), (12, 1), (31, 2))}
    assert [np.mean(values) for values in first.values()] == pytest.approx([0.5] * 3, abs=0.15)
    assert np.mean(first[7] == first[12]) == pytest.approx(0.5, abs=0.15)
    assert np.mean(first[12] == first[31]) == pytest.approx(0.5, abs=0.15)
    assert [drawn[3].count(label) / 200 for label in (1, 2, 3)] == pytest.approx([1 / 3] * 3, abs=0.15)


def test_a_test_item_is_one_image_with_all_its_episodes(tiny_dataset):
    dataset = tiny_dataset(test_mode=True, phase='all', runs=3, num_references=2)
    expected = {7: [1, 2], 3: [0, 1, 2, 3], 12: [0, 1, 7], 5: [2, 3, 7], 20: [0, 4], 9: [3, 4], 31: [0, 2, 4, 7]}
    assert len(dataset) == len(expected)
    for item in (dataset[i] for i in range(len(dataset))):
        sample = item['data_samples']
        labels = expected[sample.img_id]
        assert [(e.label, e.run) for e in sample.episodes] == [(label, run) for label in labels for run in range(3)]
        assert item['ref_inputs'].shape == (3 * len(labels), 2, 3, 32, 32)
        assert all(r.img_id != sample.img_id for e in sample.episodes for r in e.references)
        assert 'draw' not in sample.metainfo


def _test_references(dataset):
    """(image, category, run) -> annotation ids of the references."""
    infos = [dataset.get_data_info(i) for i in reversed(range(len(dataset)))]
    return {
        (info['img_id'], episode.cat_id, episode.run): [reference.ann_id for reference in episode.references]
        for info in infos
        for episode in dataset.list_episodes(info)
    }


def test_test_references_are_a_function_of_seed_image_category_and_run(tiny_dataset):
    everything = _test_references(tiny_dataset(test_mode=True, phase='all', runs=4))
    one_shot = _test_references(tiny_dataset(test_mode=True, phase='one-shot', runs=2))
    assert one_shot.items() <= everything.items()
    assert len(one_shot) == 2 * 7
    other_seed = _test_references(tiny_dataset(test_mode=True, phase='all', runs=4, seed=1))
    assert other_seed.keys() == everything.keys()
    assert other_seed != everything
    assert len({tuple(everything[3, 10, run]) for run in range(4)}) > 1


def test_the_test_image_ends_where_its_padding_begins(tiny_dataset):
    dataset = tiny_dataset(test_mode=True, phase='all')
    shapes = {
        item['data_samples'].img_id: item['data_samples'].img_shape for item in map(dataset.__getitem__, range(7))
    }
    assert shapes == {7: (51, 64), 3: (43, 64), 12: (64, 45), 5: (64, 64), 20: (64, 57), 9: (52, 64), 31: (64, 64)}


def test_a_dropped_sample_is_replaced_by_that_of_the_next_image(tiny_dataset, tiny_pipelines):
    seen = []

    def drop_the_first(results):
        seen.append(results['img_id'])
        return results if len(seen) > 1 else None

    dataset = tiny_dataset(pipeline=[drop_the_first, *tiny_pipelines['train']])
    order = [dataset.draw_episodes(draw)[0]['img_id'] for draw in range(6)]
    assert dataset[2]['data_samples'].img_id == order[3]
    assert seen == order[2:4]


def test_a_pipeline_that_drops_everything_is_an_error(tiny_dataset):
    dataset = tiny_dataset(pipeline=[lambda results: None], max_refetch=2)
    with pytest.raises(ValueError, match='the pipeline dropped the sample of draw 5 3 times; check its filters'):
        dataset[5]


def test_bad_image_files_are_named(tiny_dataset, tiny_coco):
    root = tiny_coco()
    dataset = tiny_dataset(root)
    (root / 'images' / 'd.png').unlink()
    _cut(root / 'images' / 'a.jpg')
    errors = set()
    for draw in range(12):
        try:
            dataset[draw]
        except (FileNotFoundError, ValueError) as error:
            errors.add(str(error).removeprefix('image ').replace(str(root / 'images'), ''))
    assert '/d.png does not exist; check data_prefix in the config' in errors
    assert any(error.startswith('/a.jpg is not a readable image') for error in errors)
    assert len(errors) == 2


@pytest.mark.parametrize(
    ('bbox', 'clipped'), [([40, 5, 30, 24], (40, 5, 60, 29)), ([-6, -1.5, 25, 24], (0, 0, 19, 22.5))]
)
def test_a_reference_box_that_reaches_out_of_its_image_is_clipped(tiny_dataset, tiny_coco, bbox, clipped):
    root = tiny_coco(annotations=_change(112, bbox=bbox))
    dataset = tiny_dataset(root, one_shot_classes=['car'], phase='one-shot')
    draw = next(d for d in range(100) if dataset.draw_episodes(d)[1][0].references[0].ann_id == 112)
    assert dataset.draw_episodes(draw)[1][0].references[0].bbox == clipped
    assert dataset[draw]['ref_inputs'].any()


@pytest.mark.parametrize('bbox', [[5, 5, 0, 24], [5, 5, 24, 0], [70, 5, 10, 10], [5, 5, 0.9, 24]])
def test_a_box_without_area_in_the_image_is_neither_searched_for_nor_a_reference(tiny_dataset, tiny_coco, bbox):
    dataset = tiny_dataset(tiny_coco(annotations=_change(112, bbox=bbox)), one_shot_classes=['car'], phase='one-shot')
    assert len(dataset) == 3
    drawn = {dataset.draw_episodes(draw)[1][0].references[0].ann_id for draw in range(60)}
    assert drawn == {102, 104, 120}


def _rotate_on_disk(path):
    """Store the image turned left, with the EXIF rotation that turns it back."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.open(path).rotate(90, expand=True).save(path, exif=exif)


def _car_crops(dataset):
    """Crop of the car in image 3, wherever it is drawn."""
    draws = [d for d in range(100) if dataset.draw_episodes(d)[1][0].references[0].ann_id == 104]
    return [dataset[draw]['ref_inputs'] for draw in draws]


def test_a_reference_from_an_exif_rotated_image_is_cut_in_the_frame_of_its_annotation(tiny_dataset, tiny_coco):
    plain, rotated = (tiny_coco(annotations=_change(104, bbox=[40, 10, 20, 20])) for _ in range(2))
    outline = [[10, 36, 30, 36, 30, 56, 10, 56]]  # the runs and the other boxes of the file are of the other frame
    stored = tiny_coco(
        annotations=lambda entries: [
            dict(entry, segmentation=outline, bbox=[10, 36, 20, 20] if entry['image_id'] == 3 else entry['bbox'])
            for entry in entries
        ]
    )
    settings = dict(one_shot_classes=['car'], phase='one-shot')
    expected = _car_crops(tiny_dataset(plain, **settings))

    _rotate_on_disk(rotated / 'images' / 'b.png')
    assert all(map(torch.equal, _car_crops(tiny_dataset(rotated, **settings)), expected))

    # The same file, annotated as it is stored: 96 high, 64 wide, all turned left.
    _rotate_on_disk(stored / 'images' / 'b.png')
    text = (stored / 'annotations.json').read_text()
    (stored / 'annotations.json').write_text(text.replace('"height": 64, "width": 96', '"height": 96, "width": 64'))
    turned = _car_crops(tiny_dataset(stored, **settings))
    assert all(torch.equal(crop, torch.rot90(e, 1, (-2, -1))) for crop, e in zip(turned, expected, strict=True))
    assert len(expected) > 5


def test_images_of_a_phone_are_turned_upright(tiny_dataset, tiny_coco):
    """As Label Studio exports them: the size as it is stored, boxes as shown; one box of the image shows which."""

    def outlined(entries):
        for entry in entries:
            x, y, w, h = entry['bbox']
            entry['segmentation'] = [[x, y, x + w, y, x + w, y + h, x, y + h]]
        return entries

    settings = dict(one_shot_classes=['car'], phase='one-shot')
    plain, phone = (tiny_coco(annotations=outlined) for _ in range(2))
    expected = _car_crops(tiny_dataset(plain, **settings))
    _rotate_on_disk(phone / 'images' / 'b.png')
    text = (phone / 'annotations.json').read_text()
    (phone / 'annotations.json').write_text(text.replace('"height": 64, "width": 96', '"height": 96, "width": 64'))
    dataset = tiny_dataset(phone, **settings)
    assert all(map(torch.equal, _car_crops(dataset), expected))
    assert len(expected) > 5
    truth = load_coco(dataset.ann_file, dataset.metainfo['img_dir'])
    assert (truth.imgs[3]['height'], truth.imgs[3]['width']) == (64, 96)
    assert not {ann['id'] for ann in truth.imgToAnns[3]} & (truth.skipped.keys() - {105})
