"""What docs/scale.md says of data, its config block first."""

from pathlib import Path

from mmengine.config import Config
from pages import ROOT, blocks, read

CONFIGS = ROOT / 'configs'
(BLOCK,) = blocks(read('docs/scale.md'), 'python')


def test_a_store_takes_the_place_of_loading_and_cropping_in_training_and_validation(tmp_path: Path) -> None:
    base = CONFIGS / 'siamese_mask_rcnn_s1.py'
    path = tmp_path / 'stored.py'
    path.write_text(BLOCK.replace('./siamese_mask_rcnn_s1.py', str(base)))
    stored, plain = Config.fromfile(path), Config.fromfile(base)
    for loader in ('train_dataloader', 'val_dataloader'):
        loaded, cropped, *rest = plain[loader].dataset.pop('ref_pipeline')
        assert (loaded.type, cropped.type) == ('LoadImage', 'CropReference')
        first, *others = stored[loader].dataset.pop('ref_pipeline')
        assert first == dict(type='LoadStoredReference', store='data/coco/crops')
        assert others == rest
    assert {key: stored[key] for key in plain if key != 'ref_pipeline'} == {
        key: plain[key] for key in plain if key != 'ref_pipeline'
    }
