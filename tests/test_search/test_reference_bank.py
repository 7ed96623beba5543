"""Banks of encoded references: their categories, their files, and files that are none."""

import json
import pickle
import re
import struct
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from pycocotools import mask as mask_utils
from safetensors import safe_open
from safetensors.torch import save_file
from search_model import CONFIG, write_weights

from mmosis.search import BankCategory, BankEntry, OneShotInferencer, ReferenceBank
from mmosis.search.boxed_objects import BoxedObject, image_digest

BROKEN = r'is no reference bank of mmosis, or a broken one \(.*{}.*\); nothing in it was executed'


def make_bank(*names: str, fingerprint: str = 'f' * 64) -> ReferenceBank:
    """A bank of random encodings; a name that starts with ``-`` is negative."""
    rng = np.random.default_rng(len(names))
    entries = [BankEntry(name.lstrip('-'), name.startswith('-'), f'{name}.png') for name in names]
    thumbnails = [rng.integers(0, 256, (5 + row, 7, 3), dtype=np.uint8) for row in range(len(names))]
    encoded = [rng.normal(size=(len(names), size)).astype(np.float32) for size in (4, 3)]
    return ReferenceBank(entries, thumbnails, encoded, fingerprint)


def assert_equal(one: ReferenceBank, other: ReferenceBank) -> None:
    assert one.entries == other.entries
    assert one.fingerprint == other.fingerprint
    for a, b in zip(one.encoded, other.encoded, strict=True):
        assert a.dtype == b.dtype
        assert a.tobytes() == b.tobytes()
    for a, b in zip(one.thumbnails, other.thumbnails, strict=True):
        np.testing.assert_array_equal(a, b)


class TestCategories:
    def test_negative_ones_come_last(self) -> None:
        bank = make_bank('-plate', 'mug', 'cup', 'mug', '-mug', '-plate')
        assert bank.categories == [
            BankCategory('mug', False, (1, 3)),
            BankCategory('cup', False, (2,)),
            BankCategory('plate', True, (0, 5)),
            BankCategory('mug', True, (4,)),
        ]
        assert bank.names == ['mug', 'cup']
        assert len(bank) == 6

    def test_pictures_of_the_wanted_ones_have_labels(self) -> None:
        bank = make_bank('-plate', 'mug', 'cup', 'mug')
        pictures = bank.wanted_thumbnails()
        assert [label for label, _ in pictures] == [0, 0, 1]
        for (_, picture), row in zip(pictures, (1, 3, 2), strict=True):
            assert picture is bank.thumbnails[row]

    def test_numbers_must_agree(self) -> None:
        bank = make_bank('mug', 'cup')
        for entries, thumbnails, encoded, got in (
            (bank.entries[:1], bank.thumbnails, bank.encoded, '1, 2 and 2'),
            (bank.entries, bank.thumbnails[:1], bank.encoded, '2, 1 and 2'),
            (bank.entries, bank.thumbnails, [array[:1] for array in bank.encoded], '2, 2 and 1'),
            ([], [], [array[:0] for array in bank.encoded], '0, 0 and 0'),
        ):
            with pytest.raises(ValueError, match=f'an entry, a thumbnail and an encoding of each .*, got {got}'):
                ReferenceBank(entries, thumbnails, encoded, 'f')

    def test_something_must_be_wanted(self) -> None:
        with pytest.raises(ValueError, match='all references of a bank are negative'):
            make_bank('-mug', '-cup')


class TestJoining:
    def test_add(self) -> None:
        one, other = make_bank('mug', '-plate'), make_bank('cup', 'mug', '-jug')
        bank = one.add(other)
        assert bank.names == ['mug', 'cup']
        assert bank.categories[0].rows == (0, 3)
        assert [entry.origin for entry in bank.entries] == ['mug.png', '-plate.png', 'cup.png', 'mug.png', '-jug.png']
        np.testing.assert_array_equal(bank.encoded[1][2:], other.encoded[1])
        np.testing.assert_array_equal(bank.thumbnails[4], other.thumbnails[2])
        assert (len(one), len(other)) == (2, 3)

    def test_merge(self) -> None:
        one, other = make_bank('mug', '-plate'), make_bank('cup')
        assert_equal(one.merge(other), one.add(other))

    def test_merge_refuses_a_category_of_both(self) -> None:
        message = r"both banks have a category 'cup', 'mug'; remove it from one of them, or use add\(\)"
        with pytest.raises(ValueError, match=message):
            make_bank('mug', 'cup', '-plate').merge(make_bank('mug', '-cup'))

    @pytest.mark.parametrize('join', [ReferenceBank.add, ReferenceBank.merge])
    def test_another_model_is_refused(self, join: Callable) -> None:
        message = (
            r'encoded by another model \(fingerprint f{12}, this one has 0{12}\), whose features mean other things'
        )
        with pytest.raises(ValueError, match=message):
            join(make_bank('mug'), make_bank('cup', fingerprint='0' * 64))

    def test_remove(self) -> None:
        bank = make_bank('mug', 'cup', '-plate', 'mug')
        left = bank.remove('mug')
        assert [entry.name for entry in left.entries] == ['cup', 'plate']
        np.testing.assert_array_equal(left.encoded[0], bank.encoded[0][1:3])
        np.testing.assert_array_equal(left.thumbnails[1], bank.thumbnails[2])
        assert len(bank) == 4

    def test_remove_what_is_not_there(self) -> None:
        with pytest.raises(ValueError, match="the bank has no category 'jug'; it has 'cup', 'mug'"):
            make_bank('mug', 'cup').remove('jug')

    @pytest.mark.parametrize('names', [('mug', 'mug'), ('mug', '-plate')])
    def test_remove_all_that_is_wanted(self, names: tuple[str, ...]) -> None:
        with pytest.raises(ValueError, match="'mug' is all that is searched for"):
            make_bank(*names).remove('mug')

    def test_select_names(self) -> None:
        bank = make_bank('mug', '-plate', 'cup')
        assert [entry.name for entry in bank.select_names(['cup']).entries] == ['plate', 'cup']
        with pytest.raises(ValueError, match='all references of a bank are negative'):
            bank.select_names(['plate'])


class TestFiles:
    @pytest.mark.parametrize('names', [('mug',), ('-plate', 'mug', 'Öl "7"', 'mug')])
    def test_what_was_saved_is_loaded(self, tmp_path: Path, names: tuple[str, ...]) -> None:
        bank = make_bank(*names)
        bank.save(tmp_path / 'new' / 'mugs.safetensors')
        loaded = ReferenceBank.load(tmp_path / 'new' / 'mugs.safetensors')
        assert_equal(loaded, bank)
        loaded.save(str(tmp_path / 'again.safetensors'))
        assert_equal(ReferenceBank.load(str(tmp_path / 'again.safetensors')), bank)

    def test_joined_banks_are_saved(self, tmp_path: Path) -> None:
        make_bank('mug', 'cup', '-plate').save(tmp_path / 'one')
        bank = ReferenceBank.load(tmp_path / 'one').remove('cup').add(make_bank('jug'))
        bank.save(tmp_path / 'two')
        assert_equal(ReferenceBank.load(tmp_path / 'two'), bank)

    def test_of_a_model(self, inferencer: OneShotInferencer, scene: object, tmp_path: Path) -> None:
        x1, y1, x2, y2 = _box(scene.instances[0].mask)
        references = [
            dict(img=scene.image, bbox=(x1, y1, x2, y2), name='mug'),
            dict(img=scene.image, mask=scene.instances[1].mask, name='plate', negative=True),
        ]
        bank = inferencer.encode(references)
        bank.save(tmp_path / 'bank')
        loaded = ReferenceBank.load(tmp_path / 'bank')
        assert_equal(loaded, bank)
        assert loaded.fingerprint == inferencer.fingerprint
        a, b, c, d = _box(scene.instances[1].mask)
        origin, picture = f'an array at {x1:g}, {y1:g}, {x2:g}, {y2:g}', (192, 192)
        digest = image_digest(scene.image)
        outline = mask_utils.encode(np.asfortranarray(scene.instances[1].mask, np.uint8))['counts'].decode()
        sizes = (x2 - x1, y2 - y1), picture
        assert loaded.entries[0] == BankEntry('mug', False, origin, *sizes, (x1, y1, x2, y2), digest)
        assert loaded.entries[1] == BankEntry(
            'plate', True, 'an array with mask', (c - a, d - b), picture, (a, b, c, d), digest, outline
        )
        assert loaded.sizes() == [[((x2 - x1, y2 - y1), picture)], [((c - a, d - b), picture)]]
        np.testing.assert_array_equal(loaded.thumbnails[0], scene.image[y1:y2, x1:x2, ::-1])
        one, other = (inferencer.search(scene.image, which) for which in (bank, loaded))
        np.testing.assert_array_equal(one.bboxes, other.bboxes)
        assert len(one)

    def test_references_lie_on_their_picture_and_on_no_other(
        self, inferencer: OneShotInferencer, scene: object, tmp_path: Path
    ) -> None:
        image, box = scene.image, (10.0, 20.0, 60.0, 192.5)
        cutout = np.dstack([image, np.full(image.shape[:2], 255, np.uint8)])
        cutout[:50, ..., 3] = 0
        references = [
            dict(img=image, bbox=box, name='mug', negative=True),
            dict(img=image, name='cup'),
            dict(img=cutout, name='cup'),
            dict(img=image, bbox=box, name='cup'),
        ]
        bank = inferencer.encode(references)
        bank.save(tmp_path / 'bank')
        cv2.imwrite(str(tmp_path / 'scene.png'), image)
        clipped = (*box[:3], 192.0)
        for each in (bank, ReferenceBank.load(tmp_path / 'bank')):
            for same in (image, cv2.imread(str(tmp_path / 'scene.png'))):
                assert each.boxed_on(same) == [BoxedObject(0, clipped), BoxedObject(1, clipped)]
            other = image.copy()
            other[0, 0, 0] ^= 1
            assert each.boxed_on(other) == each.boxed_on(image[:100]) == []

    def test_a_mask_counts_inside_of_its_box(self, inferencer: OneShotInferencer, scene: object) -> None:
        mask = np.zeros(scene.image.shape[:2], np.uint8)
        mask[20:60, 20:60] = 1
        (boxed,) = inferencer.encode(dict(img=scene.image, mask=mask, bbox=(10, 30, 50, 80))).boxed_on(scene.image)
        rle = dict(size=list(mask.shape), counts=boxed.outline.encode())
        expected = np.zeros_like(mask)
        expected[30:60, 20:50] = 1
        np.testing.assert_array_equal(mask_utils.decode(rle), expected)

    def test_files_from_before_sizes_were_kept_are_read(self, tmp_path: Path) -> None:
        bank = make_bank('mug', '-plate')
        bank.save(tmp_path / 'bank')
        with safe_open(tmp_path / 'bank', 'pt') as file:
            metadata = file.metadata()
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        descriptions = [
            {key: e[key] for key in ('name', 'negative', 'origin')} for e in json.loads(metadata['references'])
        ]
        save_file(tensors, tmp_path / 'old', dict(metadata, references=json.dumps(descriptions)))
        assert_equal(ReferenceBank.load(tmp_path / 'old'), bank)
        assert bank.sizes() == [[(None, None)], [(None, None)]]

    def test_another_model_refuses_it(self, inferencer: OneShotInferencer, scene: object, tmp_path: Path) -> None:
        other = OneShotInferencer(str(CONFIG), write_weights(tmp_path / 'other.pth', 1), 'cpu', show_progress=False)
        bank = inferencer.encode(scene.image)
        for search in (other.search, other):
            with pytest.raises(ValueError, match='these references were encoded by another model'):
                search(scene.image, bank)

    def test_a_failing_write_leaves_the_old_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        old = make_bank('mug')
        old.save(tmp_path / 'bank')
        monkeypatch.setattr('os.fsync', _fail)
        with pytest.raises(OSError, match=r'cannot write .*bank: No space left on device'):
            make_bank('cup').save(tmp_path / 'bank')
        assert_equal(ReferenceBank.load(tmp_path / 'bank'), old)


def _box(mask: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return int(columns[0]), int(rows[0]), int(columns[-1] + 1), int(rows[-1] + 1)


def _fail(*_: object) -> None:
    raise OSError(28, 'No space left on device')


class Attack:
    """Unpickled, it writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.touch, (self.path,)


def described(**changes: object) -> dict:
    """Metadata of two references with other descriptions."""
    return dict(references=json.dumps(2 * [dict(name='a', negative=False, origin='a') | changes]))


def png(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(cv2.imencode('.png', picture)[1].ravel())


class TestFilesThatAreNone:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        make_bank('mug', '-plate').save(tmp_path / 'bank.safetensors')
        return tmp_path / 'bank.safetensors'

    def change(self, file: Path, metadata: dict | None = None, **tensors: torch.Tensor | None) -> None:
        """Write the bank anew with other metadata and tensors; None leaves one out."""
        with safe_open(file, 'pt') as opened:
            all_metadata = opened.metadata() | (metadata or {})
            kept = {key: opened.get_tensor(key).clone() for key in opened.keys()}  # noqa: SIM118
        kept |= {key.replace('_', '.'): tensor for key, tensor in tensors.items()}
        save_file(
            {key: tensor for key, tensor in kept.items() if tensor is not None},
            file,
            {key: text for key, text in all_metadata.items() if text is not None},
        )

    def refuse(self, file: Path, reason: str = '') -> None:
        with pytest.raises(ValueError, match=BROKEN.format(reason)) as caught:
            ReferenceBank.load(file)
        assert str(caught.value).startswith(str(file))

    @pytest.mark.parametrize(
        'size', [[0, 5], [float('inf'), 5], [1e300, 5], [10**400, 5], [True, 5], ['3', '5'], [3], 7]
    )
    def test_a_size_that_is_none(self, file: Path, size: object) -> None:
        self.change(file, dict(references=json.dumps([dict(name='a', negative=False, origin='', box_size=size)] * 2)))
        self.refuse(file)

    @pytest.mark.parametrize(
        ('changes', 'reason'),
        [
            (dict(picture='f' * 31), 'the digest of an image has 32 hexadecimal digits, got f{31}'),
            (dict(picture=7), 'the digest of an image has 32 hexadecimal digits, got 7'),
            (dict(picture_size=None), r'a reference lies at xyxy inside its image, got \[1, 1, 5, 5\]'),
            (dict(bbox=None), 'a reference lies at xyxy inside its image, got None'),
            (dict(bbox=[1, 1, 5, 51]), r'a reference lies at xyxy inside its image, got \[1, 1, 5, 51\]'),
            (dict(bbox=[5, 1, 5, 5]), r'a reference lies at xyxy inside its image, got \[5, 1, 5, 5\]'),
            (dict(bbox=[1, 1, float('nan'), 5]), 'a reference lies at xyxy inside its image'),
        ],
    )
    def test_a_place_that_is_none(self, file: Path, changes: dict, reason: str) -> None:
        place = dict(picture='f' * 32, bbox=[1, 1, 5, 5], box_size=[4, 4], picture_size=[40, 50])
        self.change(file, described(**place))
        assert ReferenceBank.load(file).entries[0].bbox == (1, 1, 5, 5)
        self.change(file, described(**place | changes))
        self.refuse(file, reason)

    @pytest.mark.parametrize(
        ('outline', 'reason'),
        [
            (b'`o1', r'the outline of a reference: RLE must have runs of 2000 pixels in all, as its image, got'),
            (b'\xff' * 9, 'the outline of a reference: .* text that holds no run lengths'),
            (b'1' * (2**20 + 1), r'outline\.0 is no text of run lengths of at most 1048576 characters, but U8'),
        ],
    )
    def test_an_outline_that_is_none(self, file: Path, outline: bytes, reason: str) -> None:
        place = dict(picture='f' * 32, bbox=[1, 1, 5, 5], box_size=[4, 4], picture_size=[40, 50])
        self.change(file, described(**place), outline_0=torch.frombuffer(bytearray(outline), dtype=torch.uint8))
        self.refuse(file, reason)

    def test_an_outline_of_no_place(self, file: Path) -> None:
        self.change(file, outline_7=torch.ones(3, dtype=torch.uint8))
        self.refuse(file, 'it has 3 thumbnails of 2 references')

    def test_none(self, tmp_path: Path) -> None:
        for path in (tmp_path / 'none', tmp_path):
            with pytest.raises(FileNotFoundError, match=re.escape(f'there is no reference bank {path}')):
                ReferenceBank.load(path)

    @pytest.mark.parametrize('share', [0, 0.001, 0.01, 0.3, 0.9, 0.999])
    def test_cut_off(self, file: Path, share: float) -> None:
        content = file.read_bytes()
        file.write_bytes(content[: int(share * len(content))])
        self.refuse(file)

    def test_a_changed_header(self, file: Path) -> None:
        """A changed bit is refused, or is in a text: a name, an origin or a fingerprint."""
        content = file.read_bytes()
        (length,) = struct.unpack('<Q', content[:8])
        refused = []
        for place in range(0, 8 + length, 3):
            changed = bytearray(content)
            changed[place] ^= 1 << place % 7
            file.write_bytes(bytes(changed))
            try:
                assert len(ReferenceBank.load(file)) == 2
            except ValueError as error:
                refused.append(str(error))
        assert len(refused) > length / 9
        assert all('is no reference bank of mmosis, or a broken one' in message for message in refused)

    def test_a_pickle_is_not_run(self, tmp_path: Path) -> None:
        ran, file = tmp_path / 'ran', tmp_path / 'bank.safetensors'
        pickle.loads(pickle.dumps(Attack(ran)))
        assert ran.exists()  # it would
        ran.unlink()
        file.write_bytes(pickle.dumps(Attack(ran)))
        self.refuse(file)
        torch.save(Attack(ran), file)
        self.refuse(file)
        assert not ran.exists()

    def test_a_file_of_something_else(self, tmp_path: Path) -> None:
        file = tmp_path / 'model.safetensors'
        save_file(dict(weight=torch.ones(3)), file)
        self.refuse(file, "its format is None, not one of 'mmosis reference bank 1', 'mmosis reference bank 2'")
        save_file(dict(weight=torch.ones(3)), file, dict(format='pt'))
        self.refuse(file, "its format is 'pt'")

    @pytest.mark.parametrize('value', [float('nan'), float('inf'), -2e6, 3e38])
    def test_encodings_that_are_no_numbers(self, file: Path, value: float) -> None:
        self.change(file, encoded_1=torch.tensor([[1.0, 2.0], [3.0, value]]))
        self.refuse(file, 'its encodings are not finite numbers')

    @pytest.mark.parametrize(
        ('dtype', 'reason'),
        [
            (torch.int64, 'encoded.0 is no float32 of a row a reference, but I64'),
            (torch.float16, 'encoded.0 is no float32 of a row a reference, but F16'),
            (torch.float8_e5m2, 'encoded.0 is no float32 of a row a reference, but F8_E5M2'),
        ],
    )
    def test_encodings_of_another_kind(self, file: Path, dtype: torch.dtype, reason: str) -> None:
        self.change(file, encoded_0=torch.ones(2, 4).to(dtype))
        self.refuse(file, reason)

    @pytest.mark.parametrize(
        ('tensors', 'reason'),
        [
            (dict(thumbnail_1=None), 'it has 1 thumbnails of 2 references'),
            (dict(thumbnail_2=torch.ones(3, dtype=torch.uint8)), 'it has 3 thumbnails of 2 references'),
            (dict(thumbnail_1=None, thumbnail_7=torch.ones(3, dtype=torch.uint8)), 'thumbnail.1'),
            (dict(thumbnail_1=torch.ones(3, dtype=torch.uint8)), 'a thumbnail is no PNG'),
            (dict(thumbnail_1=torch.ones(0, dtype=torch.uint8)), 'a thumbnail is no PNG'),
            (dict(thumbnail_1=png(np.zeros((8, 8, 3), np.uint8))[:60]), 'a thumbnail is not a readable image'),
            (dict(thumbnail_1=torch.ones(3)), r'thumbnail.1 is no image, but F32 \[3\]'),
            (dict(thumbnail_1=torch.ones(3, 3, dtype=torch.uint8)), r'thumbnail.1 is no image, but U8 \[3, 3\]'),
            (dict(encoded_0=torch.ones(3, 4), encoded_1=torch.ones(3, 4)), 'got 2, 2 and 3'),
            (dict(encoded_0=torch.ones(3, 4)), 'got 2, 2 and 2, 3'),
            (dict(encoded_0=None), 'encoded.0'),
            (dict(encoded_0=None, encoded_1=None), 'got 2, 2 and none'),
            (dict(encoded_0=torch.tensor(1.0), encoded_1=torch.tensor(1.0)), 'encoded.0 is no float32 of a row a'),
        ],
    )
    def test_other_tensors(self, file: Path, tensors: dict, reason: str) -> None:
        self.change(file, **tensors)
        self.refuse(file, reason)

    @pytest.mark.parametrize(
        ('metadata', 'reason'),
        [
            (dict(format='mmosis reference bank 3'), "its format is 'mmosis reference bank 3'"),
            (dict(references=None), 'references'),
            (dict(fingerprint=None), 'fingerprint'),
            (dict(references='[{'), 'Expecting'),
            (dict(references='7'), 'its references are no list, but int'),
            (dict(references='{}'), 'its references are no list, but dict'),
            (dict(references='[' * 100_000), 'recursion'),
            (dict(references='[1, 2]'), 'a reference is described by name, negative and origin, got 1'),
            (
                dict(references=json.dumps(2 * [dict(name='a', negative='no', origin='a')])),
                'a reference is described by',
            ),
            (dict(references=json.dumps(2 * [dict(name=5, negative=True, origin='a')])), 'a reference is described by'),
            (dict(references=json.dumps(2 * [dict(name='a', negative=False)])), 'origin'),
            (dict(references=json.dumps(2 * [dict(name='a', origin='a')])), 'negative'),
            (dict(references=json.dumps(2 * [dict(name='a', negative=True, origin='a')])), 'all .* are negative'),
            (dict(references='[]'), 'it has 2 thumbnails of 0 references'),
            (dict(references=f'[{"0," * 10_000}0]'), 'it lists 10001 references; a bank has at most 10000'),
            (described(name=' '), "a reference's name must be a word or more"),
            (described(name='x' * 10**6), "a reference's name has at most 5000 letters, got 1000000: x{50}"),
            (described(origin='x' * 10**6), "a reference's origin has at most 5000 letters, got 1000000"),
            (described(origin=['a']), 'a reference is described by'),
        ],
    )
    def test_other_metadata(self, file: Path, metadata: dict, reason: str) -> None:
        self.change(file, metadata)
        self.refuse(file, reason)

    def test_a_thumbnail_is_refused_by_its_header(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr('cv2.imdecode', lambda *_: pytest.fail('it is decoded'))
        bomb = png(np.zeros((8, 8, 3), np.uint8))
        bomb[16:24] = torch.tensor(list(struct.pack('>II', 42_000, 42_000)), dtype=torch.uint8)
        for thumbnail, size in ((bomb, '42000x42000'), (png(np.zeros((4, 129, 3), np.uint8)), '129x4')):
            self.change(file, thumbnail_0=thumbnail)
            self.refuse(file, f'a thumbnail has {size} pixels; it has at most 128 a side')

    def test_encodings_are_refused_by_their_header(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A file with a hole of 128 MB."""
        monkeypatch.setattr('numpy.abs', lambda *_: pytest.fail('they are read'))
        with safe_open(file, 'pt') as opened:
            metadata, size = opened.metadata(), 2 * 2**26
        tensors = {f'thumbnail.{i}': dict(dtype='U8', shape=[1], data_offsets=[size + i, size + i + 1]) for i in (0, 1)}
        tensors['encoded.0'] = dict(dtype='F32', shape=[2, 2**24], data_offsets=[0, size])
        header = json.dumps(dict(tensors, __metadata__=metadata)).encode()
        with file.open('wb') as opened:
            opened.write(struct.pack('<Q', len(header)) + header)
            opened.truncate(8 + len(header) + size + 2)
        self.refuse(file, f'its encodings have {size} bytes; a reference has at most {2**24}')

    @pytest.mark.parametrize('claimed', [2**24 + 1, 2**60, 2**64 - 1])
    def test_a_header_that_claims_to_be_large(self, file: Path, claimed: int) -> None:
        file.write_bytes(struct.pack('<Q', claimed) + file.read_bytes()[8:])
        self.refuse(file, f'its header has {claimed} bytes, that of a bank at most {2**24}')

    def test_a_tensor_that_claims_to_be_large(self, file: Path) -> None:
        content = file.read_bytes()
        (length,) = struct.unpack('<Q', content[:8])
        header = json.loads(content[8 : 8 + length])
        header['encoded.0'] = dict(dtype='F32', shape=[2, 2**57], data_offsets=[0, 2**60])
        text = json.dumps(header).encode()
        file.write_bytes(struct.pack('<Q', len(text)) + text + content[8 + length :])
        self.refuse(file)


def test_what_could_not_be_loaded_is_not_made() -> None:
    bank = make_bank('mug', 'cup')
    with pytest.raises(ValueError, match='a thumbnail has at most 128 pixels a side'):
        ReferenceBank(bank.entries, [np.zeros((9, 129, 3), np.uint8)] * 2, bank.encoded, 'f')
    many = [array[:1].repeat(10_001, axis=0) for array in bank.encoded]
    with pytest.raises(ValueError, match='a bank has at most 10000 references, got 10001'):
        ReferenceBank(bank.entries[:1] * 10_001, bank.thumbnails[:1] * 10_001, many, 'f')
    with pytest.raises(ValueError, match="a reference's name has at most 5000 letters, got 5001"):
        BankEntry('x' * 5001, False, '')


def test_encodings_of_other_shapes(inferencer: OneShotInferencer, scene: object) -> None:
    """They are refused before the model meets them."""
    bank = inferencer.encode(scene.image)
    for encoded in (bank.encoded[:-1], [array[:, :-1] for array in bank.encoded], [a[..., None] for a in bank.encoded]):
        other = ReferenceBank(bank.entries, bank.thumbnails, encoded, bank.fingerprint)
        for search in (inferencer.search, inferencer, lambda _, bank: inferencer.embed_references(bank)):
            with pytest.raises(ValueError, match=r'the encodings of the bank have shapes .*, this model makes \[\('):
                search(scene.image, other)
