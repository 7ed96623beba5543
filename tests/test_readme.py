"""The config in the README works. Its commands are tested with those of the other pages, in test_docs/test_pages.py."""

from pathlib import Path

from mmengine.config import Config
from own_data import HELD_OUT, write_own_data
from pages import ROOT, blocks, read

from mmosis.datasets import OneShotCocoDataset


def test_own_data_by_config_alone(tmp_path: Path) -> None:
    (block,) = (text for text in blocks(read('README.md'), 'python') if text.startswith('_base_'))
    block = block.replace("'./", f"'{ROOT}/configs/").replace('data/mine/', f'{tmp_path}/')
    block = block.replace('num_held_back=100', 'num_held_back=30')
    write_own_data(*((tmp_path / f'{part}.json', tmp_path / part) for part in ('train', 'test')))
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
    held_out = [dataset.metainfo['classes'][dataset.cat_ids.index(i)] for i in dataset.metainfo['eval_cat_ids']]
    assert sorted(held_out) == HELD_OUT
