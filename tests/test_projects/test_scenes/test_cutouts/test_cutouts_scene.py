from dataclasses import replace

import numpy as np
import pytest

from projects.scenes.cutouts import ComposeConfig, Source
from projects.scenes.cutouts.catalogue import Catalogue
from projects.scenes.cutouts.cutting import cut_out
from projects.scenes.cutouts.scene import compose_scene

CONFIG = ComposeConfig(image_size=128)
CLEAR = replace(
    CONFIG, gain=1, gamma=1, hue=0, saturation=0, shading=0, softness=0, shadow_prob=0, tint=0, blur=0, noise=0
)


@pytest.fixture(scope='module')
def catalogue(photographs, icons, tmp_path_factory):
    out_dir = tmp_path_factory.mktemp('cut')
    sources = [Source(str(photographs)), Source(str(icons), 'alpha')]
    return Catalogue(sources, [cut_out(source, out_dir / source.name) for source in sources])


def test_a_scene_is_a_function_of_seed_and_index(catalogue):
    first, again, other, next_seed = (
        compose_scene(*key, catalogue, CONFIG) for key in ((3, 0), (3, 0), (4, 0), (3, 1))
    )
    np.testing.assert_array_equal(first.image, again.image)
    for one, two in zip(first.instances, again.instances, strict=True):
        np.testing.assert_array_equal(one.mask, two.mask)
    assert (first.image != other.image).any()
    assert (first.image != next_seed.image).any()


def test_masks_cover_objects_of_their_category(catalogue):
    colours = dict(mug=(200, 30, 30), stapler=(30, 200, 30), ruler=(30, 30, 200), key=(200, 200, 30))
    colours.update({'icons/a': (240, 160, 20), 'icons/b': (200, 40, 240)})
    colours['background'] = 100, 100, 100
    shown = set()
    for index in range(30):
        scene = compose_scene(index, 0, catalogue, CLEAR)
        assert scene.image.shape == (128, 128, 3)
        assert scene.image.dtype == np.uint8
        owners = sum(instance.mask.astype(int) for instance in scene.instances)
        assert owners.max() == 1, 'no pixel is of two objects'
        for instance in scene.instances:
            name = catalogue.categories[instance.category].name
            median = np.median(scene.image[instance.mask], axis=0)
            if instance.mask.sum() > 100:
                shown.add(name)
                assert min(colours, key=lambda name: np.abs(median - colours[name]).sum()) == name
    assert shown == set(colours) - {'background'}


def test_every_instance_has_pixels(catalogue):
    scenes = [compose_scene(index, 0, catalogue, replace(CONFIG, num_similar=(10, 20))) for index in range(10)]
    assert all(instance.mask.any() for scene in scenes for instance in scene.instances)
