"""The test pipeline at the scale of a search."""

from pathlib import Path

import cv2
import numpy as np
from mmengine.config import Config
from search_model import CONFIG

from mmosis.search.pipeline import SearchPipeline


def test_files_and_arrays_at_any_scale(tmp_path: Path) -> None:
    pipeline = SearchPipeline(Config.fromfile(CONFIG))
    image = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / 'a.png'), image)
    assert pipeline.resizes
    of_array, of_file = pipeline(image, 150), pipeline(str(tmp_path / 'a.png'), 150)
    assert of_array['inputs'].equal(of_file['inputs'])
    assert of_file['data_samples'].img_path == str(tmp_path / 'a.png')
    assert of_array['data_samples'].img_shape == (100, 150)
    assert of_array['inputs'].shape[1] % 32 == of_array['inputs'].shape[2] % 32 == 0
    assert of_array['data_samples'].ori_shape == (60, 90)


def test_what_is_loaded_serves_several_scales() -> None:
    pipeline = SearchPipeline(Config.fromfile(CONFIG))
    loaded = pipeline.load(np.full((64, 64, 3), 7, np.uint8))
    small, large = pipeline(loaded, 64), pipeline(loaded, 128)
    assert (small['inputs'].shape, large['inputs'].shape) == ((3, 64, 64), (3, 128, 128))
    assert loaded['img'].shape == (64, 64, 3)
