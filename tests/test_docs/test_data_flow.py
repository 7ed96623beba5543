"""Every table in docs/data_flow.md is true: the page's own example is run."""

import ast
import json
import re

import pytest
import torch
from example_flow import SEARCHED, Flow, compute_shapes, load, run_example, write_example
from mmengine.registry import init_default_scope
from pages import ROOT, blocks, code, read, table

PAGE = read('docs/data_flow.md')
HORSE, DOG = 19, 18
FLAT = [
    'Training: the sample and the batch',
    'Training: the regions',
    'Testing: the sample and the batch',
    'Testing: the detections',
]


@pytest.fixture(scope='module')
def flow(tmp_path_factory: pytest.TempPathFactory) -> Flow:
    """What the example makes."""
    folder = tmp_path_factory.mktemp('example')
    (block,) = blocks(PAGE, 'json')
    write_example(json.loads(block), folder)
    init_default_scope('mmdet')
    return run_example(folder)


@pytest.fixture(scope='module')
def shapes(flow: Flow) -> dict:
    """What the whole model makes of so many regions, without data."""
    return compute_shapes(load('siamese_mask_rcnn_s1.py'), 3, *flow.numbers)


def check_shape(cell: str, shape: tuple[int, ...]) -> None:
    """Compare a cell such as ``≤ 200, 4`` with a shape."""
    stated = re.findall(r'(≤?) ?(\d+)', cell)
    assert len(stated) == len(shape), (cell, shape)
    for (bound, number), size in zip(stated, shape, strict=True):
        assert 0 < size <= int(number) if bound else size == int(number), (cell, shape)


@pytest.mark.parametrize('heading', FLAT)
def test_shapes_types_and_values(flow: Flow, shapes: dict, heading: str) -> None:
    rows = table(PAGE, heading)
    made = dict(flow.tables[heading])
    if heading == 'Training: the regions':
        made |= {name: value for name, value in shapes.items() if isinstance(value, torch.Tensor)}
    assert {row[0] for row in rows} == set(made)
    for name, _, shape, dtype, values in rows:
        check_shape(shape, tuple(made[name].shape))
        assert str(made[name].dtype).removeprefix('torch.') == dtype, name
        if values != 'any':
            low, high = map(float, values.split(' – '))
            assert low - 1e-3 <= float(made[name].min()) <= float(made[name].max()) <= high + 1e-3, name


def test_padding_is_minus_the_mean_in_both_branches(flow: Flow) -> None:
    batch = flow.tables['Training: the sample and the batch']
    mean = [-float(number) for number in re.search(r'the mean \((.+?)\)', PAGE)[1].split(',')]
    assert batch['`inputs` of the batch'][0, :, -1, -1].tolist() == pytest.approx(mean)
    assert batch['`ref_inputs` of the batch'][0, 0, :, 0, 0].tolist() == pytest.approx(mean)
    assert batch['`inputs` of the batch'].max() == pytest.approx(
        255 + max(mean)
    )  # the picture has black and white pixels


def test_pyramid(shapes: dict) -> None:
    rows = table(PAGE, 'Training: the pyramid')
    assert {row[0] for row in rows} == {name for name, value in shapes.items() if not isinstance(value, torch.Tensor)}
    for name, *cells in rows:
        stated = [cell for cell in cells if cell != '–']
        for cell, level in zip(stated, shapes[name], strict=True):
            check_shape(cell, tuple(level.shape))
            assert level.dtype == torch.float32


def test_an_image_is_encoded_once(flow: Flow) -> None:
    text = ' '.join(PAGE.split())
    sizes = re.search(r'its pyramid is \((\d), .* references are \((\d), .* matched pyramid is \((\d), ', text)
    assert tuple(map(int, sizes.groups())) == flow.matching == (1, 2, 2)


def test_category_id(flow: Flow) -> None:
    (horse,), truth = flow.samples['training'].episodes, flow.samples['training'].gt_instances
    episodes, found = flow.samples['testing'].episodes, flow.samples['testing'].pred_instances
    (number,) = (i for i, episode in enumerate(episodes) if episode.cat_id == DOG)
    dog, of_dog = episodes[number], found.episode_ids == number
    in_file = [flow.dataset.metainfo['classes'].index(name) for name in ('horse', 'dog')]
    results = {d['category_id'] for d, is_dog in zip(flow.results, of_dog, strict=True) if is_dog}
    assert {d['image_id'] for d in flow.results} == {SEARCHED}
    expected = [
        [HORSE, DOG],
        [label + 1 for label in in_file],
        in_file,
        [horse.cat_id, dog.cat_id],
        [horse.label, dog.label],
        [*truth.labels.unique().tolist(), '–'],
        ['–', *found.labels[of_dog].unique().tolist()],
        ['–', *results],
    ]
    assert [cells for _, *cells in table(PAGE, 'Where the category id lives')] == [
        [str(cell) for cell in row] for row in expected
    ]
    assert [flow.dataset.cat_ids[label] for label in in_file] == [HORSE, DOG]
    assert [episode.cat_id for episode in episodes] == [1, DOG]


def test_meta_information(flow: Flow) -> None:
    for key, *cells in table(PAGE, 'Meta information of a sample'):
        for cell, part in zip(cells, ('training', 'testing'), strict=True):
            assert flow.samples[part].metainfo[code(key)[0]] == ast.literal_eval(cell)
    assert ['draw' in flow.samples[part] for part in ('training', 'testing')] == [True, False]


def test_losses(flow: Flow) -> None:
    model = load('siamese_mask_rcnn_s1.py').model
    heads = {'rpn_cls': model.rpn_head, 'rpn_bbox': model.rpn_head}
    heads |= {'cls': model.roi_head.bbox_head, 'bbox': model.roi_head.bbox_head, 'mask': model.roi_head.mask_head}
    weights = {f'loss_{name}': head['loss_' + name.removeprefix('rpn_')].loss_weight for name, head in heads.items()}
    assert {name: float(weight) for name, weight in re.findall(r'`(loss_\w+)` ([\d.]+\d|\d)', PAGE)} == weights
    assert {name for name in flow.losses if name.startswith('loss')} == set(weights)


def test_metric_is_the_mean_of_precision(flow: Flow) -> None:
    keys = re.findall(r'`(one-shot/\w+)`', PAGE)
    assert len(keys) == 2
    assert set(keys) <= set(flow.metrics)
    assert flow.metrics['one-shot/segm_mAP_50'] == flow.precision[0, :, :, 0, -1].mean()


def test_keys_of_all_draws(flow: Flow) -> None:
    """Each draw has the words, in their places, of one row, and each row has a draw."""
    rows = [
        [ast.literal_eval(key) if "'" in key else None for key in keys.split(', ')]
        for _, keys in table(PAGE, 'Randomness')
    ]
    drawn = [[key if isinstance(key, str) else None for key in keys] for _, *keys in flow.keys]
    assert {seed for seed, *_ in flow.keys} == {0}
    assert all(keys in rows for keys in drawn)
    assert [keys for keys in rows if keys not in drawn] == []


def test_mask_rcnn() -> None:
    cfgs = [load(f'{name}.py') for name in ('siamese_mask_rcnn_s1', 'mask_rcnn_full')]
    made = [compute_shapes(cfg, 3, 600, 600) for cfg in cfgs]
    found = {
        'data set': [[cfg.train_dataloader.dataset.type] for cfg in cfgs],
        'metric': [[cfg.test_evaluator.type] for cfg in cfgs],
        'P2 at the RPN': [tuple(shapes['matched'][0].shape) for shapes in made],
        'box head, logits': [tuple(shapes['`cls_score`: match, non-match'].shape) for shapes in made],
        'box head, deltas': [tuple(shapes['`bbox_pred`'].shape) for shapes in made],
        'mask head': [tuple(shapes['mask logits'].shape) for shapes in made],
    }
    rows = {name: cells for name, *cells in table(PAGE, 'Mask R-CNN')}
    stated = {name: [code(cell) or tuple(map(int, cell.split(','))) for cell in cells] for name, cells in rows.items()}
    assert stated == found


def test_components_are_in_the_files_of_the_page() -> None:
    rows = table(PAGE, 'The path')
    links = [link for *_, files in rows for link in re.findall(r'\((.+?)\)', files)]
    source = '\n'.join((ROOT / 'docs' / link).read_text() for link in links)
    defined = set(re.findall(r'^(?:class|def) (\w+)', source, flags=re.MULTILINE))
    named = {name for _, components, _ in rows for name in code(components)}
    assert named - defined == {'Resize', 'Pad', 'RPNHead'}  # mmdet's
