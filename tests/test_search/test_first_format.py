"""Reference banks and exported models of the first format: they are read, without the region that no head read."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from mmosis.search import LightInferencer, OneShotInferencer, ReferenceBank
from mmosis.search.first_format import count_kept, is_read
from mmosis.search.model_zoo import find_exported
from mmosis.search.onnx import onnx_detector

BANK = Path(__file__).parents[1] / 'data' / 'reference_bank_1.safetensors'
KEPT = [(96,)] * 4 + [(120,), (352,)]


@pytest.fixture(scope='module')
def inferencer() -> OneShotInferencer:
    return OneShotInferencer(device='cpu', show_progress=False)


@pytest.fixture(scope='module')
def light() -> LightInferencer:
    return LightInferencer(show_progress=False, num_threads=1)


@pytest.fixture(scope='module')
def references() -> list[dict]:
    """What the stored bank was encoded from."""
    y, x = np.mgrid[:64, :64]
    img = np.stack([x * 4, y * 4, ((x // 8 + y // 8) % 2) * 255], axis=-1).astype(np.uint8)
    return [dict(img=img, name='board', bbox=(8, 8, 48, 56)), dict(img=img[::-1].copy(), name='other')]


@pytest.mark.parametrize(
    ('shapes', 'kept'),
    [
        ([*KEPT, (96, 7, 7)], 6),
        (KEPT, 6),
        ([(8,)] * 4, 4),
        ([(8,)] * 4 + [(8, 7, 7)], 5),
        ([(9, 8, 8)] * 4 + [(8, 7, 7)], 5),
        ([(8, 7, 7)] * 2 + [(1, 7, 7)] * 2 + [(8, 7, 7)], 5),
        ([(8, 7, 7)], 1),
    ],
    ids=['semantic', 'none', 'vectors', 'relation', 'co-excitation', 'cross-attention', 'one'],
)
def test_the_last_of_vectors_of_several_sizes_and_a_region_is_not_kept(shapes: Sequence[tuple], kept: int) -> None:
    assert count_kept(shapes) == kept


def test_inputs_that_a_graph_reads_and_one_that_it_does_not() -> None:
    graph = find_exported() / 'detect.onnx'
    assert [is_read(graph, f'query{i}') for i in range(7)] == [True] * 6 + [False]


def test_a_stored_bank_is_what_its_pictures_are_encoded_to(inferencer: OneShotInferencer, references: list) -> None:
    with safe_open(BANK, 'np') as file:
        assert file.metadata()['format'] == 'mmosis reference bank 1'
        assert file.get_slice('encoded.6').get_shape() == [2, 96, 7, 7]
    old, new = ReferenceBank.load(BANK), inferencer.encode(references)
    assert [array.shape[1:] for array in old.encoded] == KEPT
    assert (old.fingerprint, old.names) == (new.fingerprint, ['board', 'other'])
    for array, other in zip(old.encoded, new.encoded, strict=True):
        np.testing.assert_allclose(array, other, atol=1e-4)


def test_it_is_searched_for_by_both_runtimes(
    inferencer: OneShotInferencer, light: LightInferencer, references: list
) -> None:
    old, image = ReferenceBank.load(BANK), references[0]['img']
    expected = inferencer.search(image, inferencer.encode(references))
    for found in (inferencer.search(image, old), light.search(image, old)):
        assert len(found) == len(expected) > 0
        np.testing.assert_allclose(found.scores, expected.scores, atol=1e-3)


def test_it_joins_a_new_one_and_is_written_in_the_new_format(
    inferencer: OneShotInferencer, references: list, tmp_path: Path
) -> None:
    joined = ReferenceBank.load(BANK).add(inferencer.encode(dict(references[0], name='third')))
    joined.save(tmp_path / 'bank')
    with safe_open(tmp_path / 'bank', 'np') as file:
        assert file.metadata()['format'] == 'mmosis reference bank 2'
    again = ReferenceBank.load(tmp_path / 'bank')
    assert again.names == ['board', 'other', 'third']
    assert [array.shape[1:] for array in again.encoded] == KEPT


def test_a_region_in_the_new_format_is_kept(tmp_path: Path) -> None:
    old = ReferenceBank.load(BANK)
    region = np.ones((2, 96, 7, 7), np.float32)
    ReferenceBank(old.entries, old.thumbnails, [*old.encoded, region], old.fingerprint).save(tmp_path / 'bank')
    assert len(ReferenceBank.load(tmp_path / 'bank').encoded) == 7


def test_an_exported_model_keeps_what_its_graph_reads(
    light: LightInferencer, references: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert light.spec['format'] == 1
    assert [array.shape[1:] for array in light.encode(references).encoded] == KEPT
    monkeypatch.setattr(onnx_detector, 'is_read', lambda *_: True)
    reading = LightInferencer(show_progress=False, num_threads=1)
    assert [array.shape[1:] for array in reading.encode(references).encoded] == [*KEPT, (96, 7, 7)]
