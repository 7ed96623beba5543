"""The model index says what there is, and nothing that is not so."""

import re
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.fileio import load

ROOT = Path(__file__).parents[1]
NO_METAFILE = {'_base_', 'ablations'}  # parts of configs; studies, whose results are in a table of their own

IMPORTS = load(ROOT / 'model-index.yml')['Import']
METAFILES = {name: load(ROOT / name) for name in IMPORTS}
MODELS = [model for metafile in METAFILES.values() for model in metafile['Models']]
each_model = pytest.mark.parametrize('model', MODELS, ids=lambda model: model['Name'])


def test_every_config_to_be_used_is_listed_in_the_metafile_of_its_folder() -> None:
    configs = [path for path in ROOT.glob('configs/**/*.py') if not NO_METAFILE & set(path.parts)]
    listed = {ROOT / model['Config']: ROOT / name for name in IMPORTS for model in METAFILES[name]['Models']}
    assert listed == {path: path.with_name('metafile.yml') for path in configs}
    assert set(listed.values()) == set(ROOT.glob('configs/**/metafile.yml'))


def test_names_are_unique() -> None:
    assert len({model['Name'] for model in MODELS}) == len(MODELS)


@each_model
def test_model_is_named_after_its_config_and_in_a_collection_of_its_file(model: dict) -> None:
    assert model['Name'] == Path(model['Config']).stem
    (collections,) = [metafile['Collections'] for metafile in METAFILES.values() if model in metafile['Models']]
    assert model['In Collection'] in {collection['Name'] for collection in collections}


@each_model
def test_metadata_is_that_of_the_config(model: dict) -> None:
    cfg = Config.fromfile(ROOT / model['Config'])
    metadata = model.get('Metadata', {})
    truth = {
        'Iterations': cfg.train_cfg.get('max_iters'),
        'Epochs': cfg.train_cfg.get('max_epochs'),
        'Batch Size': cfg.get('auto_scale_lr', {}).get('base_batch_size', cfg.train_dataloader.batch_size),
        'References': cfg.train_dataloader.dataset.get('num_references', 1),
    }
    assert {key: metadata[key] for key in truth if key in metadata}.items() <= truth.items()


@pytest.mark.parametrize('metafile', METAFILES.values(), ids=IMPORTS)
def test_collections_name_paper_readme_and_code(metafile: dict) -> None:
    for collection in metafile['Collections']:
        assert {'Name', 'Metadata', 'Paper', 'README', 'Code'} <= set(collection)
        assert (ROOT / collection['README']).is_file()
        assert (ROOT / collection['Code']['URL']).is_file()


def test_results_of_the_demo_are_those_of_the_readme() -> None:
    """Only what was measured is under Results; published figures are marked as such in the metadata."""
    rows = dict(re.findall(r'^\| (\S+) categories \| ([\d.]+ \| [\d.]+) \|$', (ROOT / 'README.md').read_text(), re.M))
    assert set(rows) == {'one-shot', 'background'}
    (results,) = [model['Results'] for model in MODELS if model['Name'] == 'siamese_mask_rcnn_demo_s1']
    assert {key: value for result in results for key, value in result['Metrics'].items()} == {
        f'{phase} {target} mAP50': float(value)
        for phase, figures in rows.items()
        for target, value in zip(('box', 'mask'), figures.split(' | '), strict=True)
    }
