"""What the README shows works."""

import re
import shlex
from pathlib import Path

import pytest
from mmengine.config import Config

from mmosis.datasets import OneShotCocoDataset
from mmosis.synthetic import CATEGORIES, make_scenes

ROOT = Path(__file__).parents[1]
README = (ROOT / 'README.md').read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf'```{language}\n(.*?)```', README, flags=re.DOTALL)


def test_own_data_by_config_alone(tmp_path: Path) -> None:
    (block,) = blocks('python')
    names = [look.name for look in CATEGORIES[:2]]
    block = block.replace("['mug', 'stapler']", repr(names)).replace("'./", f"'{ROOT}/configs/")
    block = block.replace('data/mine/', f'{tmp_path}/').replace('num_held_back=100', 'num_held_back=30')
    for seed, part in enumerate(('train', 'test')):
        ann_file = make_scenes(tmp_path / f'made_{part}', num_images=60, seed=seed, image_size=64)
        ann_file.rename(tmp_path / f'{part}.json')
        (tmp_path / f'made_{part}' / 'images').rename(tmp_path / part)
    (tmp_path / 'config.py').write_text(block)
    cfg = Config.fromfile(tmp_path / 'config.py')
    sizes = {}
    for part in ('train', 'val', 'test'):
        settings = dict(cfg[f'{part}_dataloader'].dataset)
        assert settings.pop('type') == 'OneShotCocoDataset'
        dataset = OneShotCocoDataset(**settings)
        sizes[part] = len(dataset)
        assert dataset[0]['ref_inputs'].shape[-3:] == (3, 192, 192)
    assert sizes['train'] <= 30
    assert set(dataset.metainfo['eval_cat_ids']) <= {1, 2}


@pytest.mark.parametrize(
    'line', [line for block in blocks('bash') for line in re.sub(r'\\\n', ' ', block).splitlines()]
)
def test_commands_name_what_exists(line: str) -> None:
    words = shlex.split(line, comments=True)
    if not words:
        return
    assert words[0] in {'make', 'pip', 'python', 'tools/dist_train.sh', 'tools/dist_test.sh'}
    if words[0] == 'make':
        assert re.search(rf'^{words[1]}:', (ROOT / 'Makefile').read_text(), flags=re.MULTILINE)
    for word in words:
        if word.startswith(('configs/', 'tools/')):
            assert (ROOT / word).is_file(), word
    if '-m' in words:
        assert (ROOT / (words[2].replace('.', '/') + '.py')).is_file()
