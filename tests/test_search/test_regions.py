"""Vectors of regions and of references: what is averaged, and by which layer it is embedded."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmosis.models import CoExcitationMatchNeck, CrossAttentionMatchNeck
from mmosis.search import LightInferencer, OneShotInferencer
from mmosis.search.regions import FILE, EncodedImage, RegionEmbedding


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


class TestRegionEmbedding:
    def test_regions_are_means_over_cells(self) -> None:
        maps = [random(5, 8, 12), random(3, 4, 6)]  # strides 8 and 16 of 64 x 96
        rows = RegionEmbedding({0: None, 1: None}, 32).embed_regions(EncodedImage(maps, (64, 96), (64, 96)))
        fine = maps[0].reshape(5, 2, 4, 3, 4).mean(axis=(2, 4)).reshape(5, -1).T
        coarse = maps[1].reshape(3, 2, 2, 3, 2).mean(axis=(2, 4)).reshape(3, -1).T
        np.testing.assert_allclose(rows, np.hstack([unit(fine), unit(coarse)]) / 2**0.5, rtol=1e-5, atol=1e-6)

    def test_padding_does_not_count(self) -> None:
        maps = [random(5, 8, 8)]
        embedding = RegionEmbedding({0: None}, 32)
        rows = embedding.embed_regions(EncodedImage(maps, (40, 64), (64, 64)))
        assert len(rows) == 4
        np.testing.assert_allclose(rows[2:], unit(maps[0][:, 4].reshape(5, 2, 4).mean(axis=2).T), rtol=1e-4)
        maps[0][:, 5:] = 100
        np.testing.assert_array_equal(embedding.embed_regions(EncodedImage(maps, (40, 64), (64, 64))), rows)

    def test_a_coarse_map_gives_several_regions_the_same(self) -> None:
        rows = RegionEmbedding({0: None}, 16).embed_regions(EncodedImage([random(5, 1, 2)], (32, 64), (32, 64)))
        assert len(rows) == 8
        np.testing.assert_allclose(rows[0], rows[5], rtol=1e-6)
        assert np.abs(rows[0] - rows[3]).max() > 0.1

    def test_a_layer_embeds_regions_and_references_alike(self) -> None:
        layer = random(4, 5), random(4, seed=1)
        embedding = RegionEmbedding({1: layer}, 8)
        vector = random(1, 5, seed=2)
        maps = [np.zeros((1, 1, 1)), np.broadcast_to(vector.reshape(5, 1, 1), (5, 2, 2))]
        rows = embedding.embed_regions(EncodedImage(maps, (16, 16), (16, 16)))
        references = embedding.embed_references([np.zeros((1, 3)), vector])
        np.testing.assert_allclose(references, unit(vector @ layer[0].T + layer[1]), rtol=1e-5)
        np.testing.assert_allclose(rows @ references.T, np.ones((4, 1)), rtol=1e-5)

    def test_files(self, tmp_path: Path) -> None:
        embedding = RegionEmbedding({2: None, 10: (random(4, 5), random(4))}, 8)
        embedding.save(tmp_path)
        loaded = RegionEmbedding.load(tmp_path, 8)
        assert list(loaded.layers) == [2, 10]
        assert loaded.layers[2] is None
        for found, expected in zip(loaded.layers[10], embedding.layers[10], strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-3)

    def test_an_older_export(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match=f'has no {FILE}, by which images are indexed: .*--runtime torch'):
            RegionEmbedding.load(tmp_path, 8)


class TestModels:
    def test_the_paper_compares_all_levels_as_they_are(self, inferencer: OneShotInferencer) -> None:
        assert inferencer.regions.layers == dict.fromkeys(range(len(inferencer.model.match_neck.convs)))

    def test_the_box_of_a_reference_is_near_to_itself(self, inferencer: OneShotInferencer, scene: object) -> None:
        rows = inferencer.embed_regions(scene.image)
        bank = inferencer.encode([dict(img=scene.image[:64, :64], name='a'), dict(img=scene.image, name='b')])
        assert inferencer.embed_references(bank).shape == (2, rows.shape[1])
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-5)

    def test_a_category_is_the_mean_of_its_references(self, inferencer: OneShotInferencer, scene: object) -> None:
        crops = [dict(img=scene.image[:64, :64], name='a'), dict(img=scene.image[64:, 64:], name='a')]
        two = inferencer.encode(crops)
        mean = [array.mean(axis=0, keepdims=True) for array in two.encoded]
        np.testing.assert_allclose(
            inferencer.embed_references(two), inferencer.regions.embed_references(mean), rtol=1e-5
        )
        negative = inferencer.encode([*crops, dict(img=scene.image, name='no', negative=True)])
        np.testing.assert_allclose(inferencer.embed_references(negative), inferencer.embed_references(two), atol=1e-5)

    def test_both_runtimes_embed_alike(self, scene: object) -> None:
        torch_, light = OneShotInferencer(device='cpu'), LightInferencer()
        np.testing.assert_allclose(torch_.embed_regions(scene.image), light.embed_regions(scene.image), atol=1e-4)
        banks = [each.encode(scene.image[20:90, 20:90]) for each in (torch_, light)]
        vectors = [each.embed_references(bank) for each, bank in zip((torch_, light), banks, strict=True)]
        np.testing.assert_allclose(*vectors, atol=1e-4)
        comparisons = torch_.model.match_neck.comparisons
        assert list(torch_.regions.layers) == [4, 5]
        for layer, comparison in zip(torch_.regions.layers.values(), comparisons, strict=True):
            np.testing.assert_array_equal(layer[0], comparison.embed_layer.weight.detach().numpy())

    def test_the_match_neck_alone_embeds_semantic_maps_by_its_own_layers(self) -> None:
        neck = OneShotInferencer(device='cpu').model.match_neck
        assert neck.region_layers() == {4 + i: each.embed_layer for i, each in enumerate(neck.comparisons)}

    @pytest.mark.parametrize('neck', [CoExcitationMatchNeck, CrossAttentionMatchNeck])
    def test_a_matcher_without_vectors(self, neck: type) -> None:
        assert neck(in_channels=16, out_channels=16, num_levels=2).region_layers() == {}

    def test_a_model_of_such_a_matcher_has_no_index(self) -> None:
        model = OneShotInferencer(device='cpu').model
        model.match_neck = CoExcitationMatchNeck(in_channels=16, out_channels=16, num_levels=2)
        with pytest.raises(ValueError, match='CoExcitationMatchNeck keeps no vector of a reference by which'):
            model.region_layers()


def test_regions_have_a_pixel_at_least(weights: str) -> None:
    from search_model import CONFIG

    cfg = Config.fromfile(CONFIG)
    cfg.search = dict(cfg.get('search', {}), region_size=0)
    with torch.no_grad(), pytest.raises(ValueError, match=r'search\.region_size must be at least 1 pixel, got 0'):
        OneShotInferencer(cfg, weights, 'cpu')
