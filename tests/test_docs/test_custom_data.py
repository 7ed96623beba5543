"""The config and the commands of docs/custom_data.md work on a user's data, and its messages are those of the code."""

import ast
import json
import shlex
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from example_flow import THIN
from mmengine.config import Config
from own_data import HELD_OUT, write_own_data
from pages import ROOT, blocks, code, commands, prose, read, table
from tools_runner import run

from mmosis.apis.coco_folder import HELD_BACK, LAYOUTS, SINGLE_LAYOUTS, find_coco_folder
from mmosis.datasets import OneShotCocoDataset
from mmosis.utils.image import decode_image

PAGE = read('docs/custom_data.md')
(BLOCK,) = blocks(PAGE, 'python')


@pytest.fixture(scope='module')
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The user's folder: ``data/mine``, and ``configs`` with ours and the page's."""
    root = tmp_path_factory.mktemp('project')
    data = root / 'data' / 'mine'
    write_own_data(*((data / f'annotations/instances_{part}.json', data / part) for part in ('train', 'val')))
    (data / 'one_shot.txt').write_text('\n'.join(HELD_OUT))
    shutil.copytree(ROOT / 'configs', root / 'configs')
    (root / 'configs' / 'mine.py').write_text(BLOCK.replace('data/mine/', f'{data}/'))
    return root


@pytest.fixture(scope='module')
def small(project: Path) -> Path:
    """The page's config with few channels, proposals and steps."""
    cfg = Config.fromfile(project / 'configs' / 'mine.py')
    cfg.merge_from_dict(dict(model=THIN))
    cfg.model.train_cfg.rpn_proposal.max_per_img = cfg.model.test_cfg.rpn.max_per_img = 20
    for name in ('train', 'val', 'test'):
        cfg[f'{name}_dataloader'].update(num_workers=0, persistent_workers=False)
        cfg[f'{name}_dataloader'].dataset.num_held_back = 0 if name == 'test' else 20
    cfg.train_dataloader.batch_size = 2
    cfg.val_dataloader.dataset.indices = cfg.test_dataloader.dataset.indices = 1
    cfg.train_cfg.max_iters = cfg.train_cfg.val_interval = cfg.default_hooks.checkpoint.interval = 1
    cfg.dump(project / 'configs' / 'small.py')
    return project / 'configs' / 'small.py'


def metrics(work_dir: Path) -> dict[str, float]:
    """Read the result of a test."""
    return json.loads(next(path for path in work_dir.glob('*/*.json')).read_text())


def test_commands_of_the_page_in_their_order(small: Path, tmp_path: Path) -> None:
    """Two times browse, train, two tests; finetune.py and make_cutouts.py have tests of their own."""
    checkpoint = tmp_path / '2' / 'iter_1.pth'
    replaced = {'configs/mine.py': small, 'work_dirs/mine/iter_20000.pth': checkpoint, '20': '1'}
    replaced['work_dirs/browse'] = tmp_path / 'browse'
    lines = [words for line in commands(PAGE) if (words := shlex.split(line, comments=True)) and words[0] == 'python']
    lines = [words for words in lines if not words[1].endswith(('finetune.py', 'make_cutouts.py'))]
    assert len(lines) == 5
    for number, (_, tool, *arguments) in enumerate(lines):
        place = [] if 'browse' in tool else ['--work-dir', tmp_path / str(number)]
        run(tool, *(replaced.get(word, word) for word in arguments), *place)
    assert list((tmp_path / 'browse').glob('*.png'))
    one_shot, background = metrics(tmp_path / '3'), metrics(tmp_path / '4')
    assert {f'one-shot/{kind}_mAP_50/run{run}' for kind in ('bbox', 'segm') for run in range(5)} <= set(one_shot)
    assert 'background/segm_mAP_50' in background
    assert len(list((tmp_path / '3').rglob('pictures/*'))) == 1


def test_what_is_held_out_and_held_back(project: Path) -> None:
    cfg = Config.fromfile(project / 'configs' / 'mine.py')
    assert [cfg[f'{part}_dataloader'].dataset.num_held_back for part in ('train', 'val')] == [100, 100]
    names, images = {}, {}
    for part in ('train', 'val', 'test'):
        settings = cfg[f'{part}_dataloader'].dataset | dict(num_held_back=0 if part == 'test' else 20)
        dataset = build(settings)
        assert build(settings | dict(one_shot_classes='one_shot.txt')).metainfo == dataset.metainfo
        classes, cat_ids = dataset.metainfo['classes'], dataset.metainfo['eval_cat_ids']
        names[part] = {classes[dataset.cat_ids.index(cat_id)] for cat_id in cat_ids}
        images[part] = [dataset.get_data_info(i)['img_id'] for i in range(len(dataset))]
        item = dataset[0]
        assert item['inputs'].shape == (3, 512, 512)
        assert item['ref_inputs'].shape[-4:] == (3, 3, 96, 96)
    assert names['test'] == set(HELD_OUT)
    assert not names['test'] & (names['train'] | names['val'])
    assert max(images['train']) < min(images['val'])


def build(settings: dict) -> OneShotCocoDataset:
    """Build a dataset from a config."""
    return OneShotCocoDataset(**{key: value for key, value in settings.items() if key != 'type'})


def test_config_outside_of_the_folder(project: Path, tmp_path: Path) -> None:
    (base,) = (name for name in code(prose(PAGE)) if 'mmosis::' in name)
    lines = (project / 'configs' / 'mine.py').read_text().splitlines()
    assert lines[1].startswith('_base_')
    (tmp_path / 'mine.py').write_text('\n'.join([base, *lines[2:]]))
    outside, inside = (Config.fromfile(folder / 'mine.py') for folder in (tmp_path, project / 'configs'))
    assert without_scope(outside._cfg_dict) == without_scope(inside._cfg_dict)


def without_scope(node: object) -> object:
    """Leave out the scope that MMEngine notes on all that comes from another package."""
    if isinstance(node, dict):
        return {key: without_scope(value) for key, value in node.items() if key != '_scope_'}
    return type(node)(map(without_scope, node)) if isinstance(node, list | tuple) else node


def test_layouts(project: Path) -> None:
    rows = [tuple(code(' '.join(row))) for row in table(PAGE, 'A first try')]
    assert rows == [*LAYOUTS, *SINGLE_LAYOUTS]
    assert HELD_BACK == 1 / 5
    # The page's config and `make demo` take the same folder.
    folder, cfg = find_coco_folder(project / 'data' / 'mine'), Config.fromfile(project / 'configs' / 'mine.py')
    assert folder.train_ann == cfg.train_dataloader.dataset.ann_file
    assert folder.test_img == cfg.test_dataloader.dataset.data_prefix.img.rstrip('/')


def templates() -> set[str]:
    """All texts in the package, with ``…`` for what is put in."""
    texts = set()
    for path in [*(ROOT / 'mmosis').rglob('*.py'), *(ROOT / 'projects').rglob('*.py')]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr):
                texts.add(''.join(part.value if isinstance(part, ast.Constant) else '…' for part in node.values))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.add(node.value)
    return texts


def test_messages_are_those_of_the_code() -> None:
    messages = [message for row in table(PAGE, 'Messages') for message in code(row[0])]
    texts = templates()
    assert [message for message in messages if not any(message in text for text in texts)] == []


@pytest.mark.parametrize('kind', ['.png', '.tiff'])
def test_12_bits_in_a_16_bit_file_become_nearly_black(kind: str) -> None:
    values = np.arange(0, 65536, dtype=np.uint16).reshape(256, 256)
    image = decode_image(cv2.imencode(kind, values)[1].tobytes(), 'x')
    np.testing.assert_array_equal(image, np.repeat(values[..., None] // 256, 3, axis=2))
    assert image.reshape(-1, 3)[4095].max() < 16
