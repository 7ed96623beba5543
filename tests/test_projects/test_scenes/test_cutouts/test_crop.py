import json

import cv2
import numpy as np
from pycocotools import mask as mask_utils

from projects.scenes.cutouts import Source
from projects.scenes.cutouts.crop import write_background, write_cutout


def _image():
    """Noise behind, an orange disc of radius 40 in front."""
    image = np.random.default_rng(0).integers(0, 255, (120, 160, 4)).astype(np.uint8)
    image[..., 3] = 0
    cv2.circle(image, (80, 60), 40, (0, 128, 255, 255), -1)
    return image


def test_a_cut_out_is_cropped_and_none_of_its_old_background_is_left(tmp_path):
    found = write_cutout(_image(), tmp_path / 'a.png', Source(str(tmp_path)))
    assert (found['file'], found['size']) == ('a.png', [81, 81])
    patch = cv2.imread(str(tmp_path / 'a.png'), cv2.IMREAD_UNCHANGED)
    assert patch.shape == (87, 87, 4)
    np.testing.assert_array_equal(patch[3:-3, 3:-3, 3], _image()[20:101, 40:121, 3])
    assert not patch[:3, :, 3].any()
    assert np.abs(patch[..., :3].astype(int) - (0, 128, 255)).max() <= 1


def test_a_large_object_is_reduced_and_a_small_one_is_not_taken(tmp_path):
    reduced = write_cutout(_image(), tmp_path / 'a.png', Source(str(tmp_path), max_side=40))
    assert reduced['size'] == [40, 40]
    for limit in (dict(min_side=82), dict(min_area=6000)):
        assert write_cutout(_image(), tmp_path / 'b.png', Source(str(tmp_path), **limit)) is None
    assert not (tmp_path / 'b.png').exists()


def test_a_background_is_reduced_with_its_masks(tmp_path):
    image = _image()
    mask = image[..., 3] // 255
    objects = [('disc', False, mask), ('disc', True, mask[::-1]), ('none', False, np.zeros_like(mask))]
    found = write_background(image[..., :3], objects, tmp_path / '7', Source(str(tmp_path), ground_side=60))
    assert found == dict(name='7', kinds=['disc'])
    assert cv2.imread(str(tmp_path / '7.jpg')).shape == (60, 80, 3)
    entries = json.loads((tmp_path / '7.json').read_text())
    assert [(entry['kind'], entry['crowd']) for entry in entries] == [('disc', False), ('disc', True)]
    small = mask_utils.decode(entries[0])
    assert small.shape == (60, 80)
    assert abs(small.sum() - mask.sum() / 4) < 40
